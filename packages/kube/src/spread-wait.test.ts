// Waits are never shorter than asked, and never the same for all.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "@coracle/base";
import { spreadWait } from "./spread-wait.ts";

test("a wait is as long as asked, and longer by up to as much again, within the bound", () => {
  const random = new SeededRandom(7);
  for (const [askedMs, spreadMsMax, longestMs] of [
    [1000, 10_000, 2000],
    [60_000, 10_000, 70_000],
  ] as const) {
    const waits = Array.from({ length: 1000 }, () => spreadWait(askedMs, spreadMsMax, random));
    assert.ok(waits.every((waitMs) => waitMs >= askedMs && waitMs < longestMs));
    assert.ok(new Set(waits).size > 990);
    assert.ok(Math.max(...waits) - Math.min(...waits) > 0.9 * (longestMs - askedMs));
  }
  assert.equal(spreadWait(0, 10_000, random), 0);
});
