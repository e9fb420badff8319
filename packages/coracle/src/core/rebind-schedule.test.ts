// New addresses at their times, and not while devices connect, unless that takes too long.
import assert from "node:assert/strict";
import { test } from "node:test";
import { RebindSchedule } from "./rebind-schedule.ts";

/** The seconds of 0 to 40 at which it is due; `isConnected` says when all devices are. */
function dueSeconds(everyMs: number, isConnected: (second: number) => boolean): number[] {
  const schedule = new RebindSchedule(everyMs);
  return Array.from({ length: 41 }, (_, second) => second).filter((second) =>
    schedule.isDue(second * 1000, isConnected(second)),
  );
}

test("it begins when all are connected and is then due every so often", () => {
  assert.deepEqual(
    dueSeconds(10_000, (second) => second >= 5),
    [15, 25, 35],
  );
});

test("it passes over its time while devices connect, three times at most", () => {
  assert.deepEqual(
    dueSeconds(10_000, (second) => second < 5 || second > 15),
    [20, 30, 40],
  );
  assert.deepEqual(
    dueSeconds(2000, (second) => second < 3),
    [2, 10, 18, 26, 34],
  );
});

test("it is never due without an interval, nor before anyone is connected", () => {
  assert.deepEqual(
    dueSeconds(0, () => true),
    [],
  );
  assert.deepEqual(
    dueSeconds(1000, () => false),
    [],
  );
});
