// The contract on every fabric.
import { test } from "node:test";
import type { FabricEvent } from "../../core/fabric.ts";
import { createLogFabric } from "./log-fabric.ts";
import { FABRIC_CONTRACT } from "./testing/fabric-contract.ts";
import { withOvsAndFabric } from "./testing/with-fabric.ts";

for (const { name, run } of FABRIC_CONTRACT) {
  test(`log: ${name}`, async () => {
    const fabric = createLogFabric();
    const events: FabricEvent[] = [];
    fabric.onEvent((event) => events.push(event));
    try {
      await fabric.start(new AbortController().signal);
      await run(fabric, events);
    } finally {
      await fabric.close();
    }
  });

  test(`ovs: ${name}`, () => withOvsAndFabric(name, ({ fabric, events }) => run(fabric, events)));
}
