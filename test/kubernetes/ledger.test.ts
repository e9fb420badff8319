// The audit of deliveries finds what it is there to find: a lost write, a repeated one, one that nobody made.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Delivery, Followed } from "./followed.ts";
import { Ledger } from "./ledger.ts";

function told(
  deliveries: readonly (readonly ["upsert" | "remove", string])[],
  gap?: readonly [string, string],
): Followed {
  const list: Delivery[] = deliveries.map(([kind, resourceVersion]) => ({ key: "default/a", kind, resourceVersion }));
  const covered = gap === undefined ? [] : [{ after: gap[0], upTo: gap[1] }];
  return { deliveries: list, covered, problems: [] } as unknown as Followed;
}

function ledger(): Ledger {
  const writes = new Ledger();
  writes.startRound("10");
  writes.upsert("default/a", "11");
  writes.upsert("default/a", "12");
  writes.remove("default/a");
  writes.upsert("default/a", "14");
  return writes;
}

const ALL = [
  ["upsert", "11"],
  ["upsert", "12"],
  ["remove", "13"],
  ["upsert", "14"],
] as const;

test("every write told once is in order", () => {
  assert.deepEqual(ledger().audit(told(ALL)), []);
});

test("a lost write is found, and a lost deletion", () => {
  assert.deepEqual(ledger().audit(told(ALL.filter(([, version]) => version !== "12"))), [
    "default/a: 12 was never told",
  ]);
  assert.deepEqual(ledger().audit(told(ALL.filter(([, version]) => version !== "13"))), [
    "default/a: its deletion after 12 was never told",
  ]);
});

test("a repeated write is found, and an invented one", () => {
  assert.match(ledger().audit(told([...ALL, ["upsert", "14"]]))[0] ?? "", /told twice/);
  assert.deepEqual(ledger().audit(told([...ALL, ["upsert", "15"]])), ["default/a: 15 was told, but never written"]);
});

test("what a full state stands for need not be told, but no more than that", () => {
  const last = ALL.slice(3);
  assert.deepEqual(ledger().audit(told(last, ["10", "13"])), []);
  assert.deepEqual(ledger().audit(told(last, ["11", "13"])), ["default/a: 11 was never told"]);
  assert.deepEqual(ledger().audit(told(last, ["5", "9"])).length, 3);
});

test("a key with an unclear write is left out until the next round", () => {
  const writes = ledger();
  writes.unclear("default/a");
  assert.equal(writes.certain, 0);
  assert.deepEqual(writes.audit(told([])), []);
  writes.startRound("14");
  writes.upsert("default/a", "15");
  assert.equal(writes.certain, 1);
  assert.deepEqual(writes.audit(told([])), ["default/a: 15 was never told"]);
});
