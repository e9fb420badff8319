// A restart of everything with 1,000 attachments: the same state again, and no flow-mod where nothing changed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeVirtualNetwork } from "./placed-guests.ts";
import { type NetworkSystem, withNetwork } from "./network-system.ts";

const COUNT = 1000;
const LOCAL_EVERY = 10;
const IN_FLIGHT = 16;

void test("13.11 a restart of everything with 1,000 attachments gives the same network again", async () => {
  await withNetwork("1,000 attachments", { hosts: 2 }, async (network) => {
    const { laboratory, objects } = network;
    // Hosts that are only names have their attachments implemented by agents of the log fabric: 1,000 real devices prove no more.
    await network.startLogAgent("far", "10.90.0.200");
    await makeVirtualNetwork(network, { namespace: "one", vni: 31, cidr: "10.31.0.0/16" });
    await attachAll(network);
    const before = await objects.allReady("one", COUNT);
    await settledFabric(network, "agent-a");
    const flowsBefore = await dump(network, "a");

    await network.end("agent-a", "SIGTERM");
    await network.startAgent("a");
    await settledFabric(network, "agent-a");
    assert.equal(await flowMods(network, "agent-a"), 0, "an agent that finds everything right sends no flow-mod");
    assert.deepEqual(await dump(network, "a"), flowsBefore);

    for (const name of ["agent-a", "agent-b", "agent-far", "ipam-0", "apiserver"]) await network.end(name);
    for (const host of laboratory.hosts) {
      await host.killSwitch();
      await host.killDatabase();
    }
    await network.startApiserver();
    for (const host of laboratory.hosts) {
      await host.startDatabase();
      await host.startSwitch();
    }
    await network.startIpam();
    await Promise.all([network.startLogAgent("far", "10.90.0.200"), network.startAgent("a"), network.startAgent("b")]);
    const after = await objects.allReady("one", COUNT);
    await settledFabric(network, "agent-a");
    const addresses = (states: typeof before): string[] =>
      states.map((one) => `${one.uid} ${one.ipv4} ${one.device}`).sort();
    assert.deepEqual(addresses(after), addresses(before));
    assert.equal(new Set(after.map((one) => one.ipv4)).size, COUNT);
    assert.equal((await objects.locks("one")).length, COUNT);
    assert.deepEqual(forms(await dump(network, "a")), forms(flowsBefore));
  });
});

async function attachAll(network: NetworkSystem): Promise<void> {
  const names = Array.from({ length: COUNT }, (_, index) => index);
  const attachSome = async (): Promise<void> => {
    for (let index = names.pop(); index !== undefined; index = names.pop()) {
      const node = index % LOCAL_EVERY === 0 ? (index % (2 * LOCAL_EVERY) === 0 ? "a" : "b") : "far";
      await network.objects.attach({ namespace: "one", name: `na-${index}`, node, subnet: "s1" });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, attachSome));
}

/** Waits until the agent has implemented everything: 1,000 attachments, local and remote. */
async function settledFabric(network: NetworkSystem, agent: string): Promise<void> {
  for (let look = 0; look < 600; look++) {
    const fabric = (await network.read(agent, "/fabric").catch(() => ({}))) as Record<
      string,
      number | boolean | undefined
    >;
    const count = Number(fabric["localCount"]) + Number(fabric["remoteCount"]);
    if (fabric["adopted"] === true && fabric["pending"] === 0 && count === COUNT) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
  }
  throw new Error(`Waited in vain for ${agent}: ${JSON.stringify(await network.read(agent, "/fabric"))}`);
}

async function flowMods(network: NetworkSystem, agent: string): Promise<number> {
  const fabric = (await network.read(agent, "/fabric")) as { counters?: { flowMods?: number } };
  return fabric.counters?.flowMods ?? Number.NaN;
}

/** The flows of a host without what counts and ages. */
async function dump(network: NetworkSystem, host: string): Promise<readonly string[]> {
  const text = await network.laboratory.host(host).ofctl("dump-flows", "coracle", ["--no-stats"]);
  return text.trim().split("\n").sort();
}

/** Port numbers and cookies may change when Open vSwitch starts anew. */
function forms(flows: readonly string[]): readonly string[] {
  return flows
    .map((flow) =>
      flow
        .replaceAll(/cookie=0x[0-9a-f]+, ?/g, "")
        .replaceAll(/in_port="?[\w-]+"?/g, "in_port=P")
        .replaceAll(/output:"?[\w-]+"?/g, "output:P"),
    )
    .sort();
}
