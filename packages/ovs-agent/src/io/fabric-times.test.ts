// Times of declarations by hand: what is told of each, and the cap of releases that have no end yet.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "@coracle/base";
import type { LocalInterface } from "../core/interface.ts";
import { FabricTimes } from "./fabric-times.ts";

const TIMES = { attachmentMs: 0, subnetMs: 0, implMs: 0 };

function local(index: number): LocalInterface {
  return { kind: "local", owner: `n/a${index}`, uid: "u", vni: 1, ipv4: 0x0a00_0002 + index };
}

function setUp(releasedMax: number): { times: FabricTimes; clock: ManualClock; told: unknown[][] } {
  const clock = new ManualClock();
  const told: unknown[][] = [];
  const metrics = {
    fabricOutcome: (...outcome: unknown[]) => void told.push(outcome),
    interfaceMade: (kind: string) => void told.push(["made", kind]),
  };
  return { times: new FabricTimes({ clock, metrics, releasedMax }), clock, told };
}

test("a declaration is timed to each outcome, a release to its end", () => {
  const { times, clock, told } = setUp(10);
  const one = local(1);
  times.desired(one, TIMES, undefined);
  clock.advance(5);
  times.note({ kind: "failed", interface: one, code: "DEVICE_FAILED", message: "", willRetry: true });
  clock.advance(2);
  times.note({ kind: "implemented", interface: one, created: true });
  times.released(one.owner, true);
  clock.advance(3);
  times.note({ kind: "removed", interface: one });
  assert.deepEqual(told, [
    ["CreateLocalIfc", false, 5],
    ["CreateLocalIfc", true, 7],
    ["made", "local"],
    ["DeleteLocalIfc", true, 3],
  ]);
});

test("as many releases as the cap are timed; one more begins anew", () => {
  const { times, told } = setUp(3);
  const end = (index: number): void => times.note({ kind: "removed", interface: local(index) });
  for (const index of [1, 2, 3]) times.released(local(index).owner, true);
  for (const index of [1, 2, 3]) end(index);
  assert.equal(told.length, 3);
  for (const index of [1, 2, 3, 4]) times.released(local(index).owner, false);
  for (const index of [1, 2, 3, 4]) end(index);
  assert.deepEqual(told.slice(3), [["DeleteRemoteIfc", true, 0]]);
});
