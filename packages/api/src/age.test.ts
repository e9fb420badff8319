// Ages as kubectl prints them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatAge, formatDuration } from "./mod.ts";

test("ages are printed as kubectl prints them", () => {
  const second = 1000;
  const [minute, hour, day] = [60 * second, 3600 * second, 86_400 * second];
  for (const [durationMs, text] of [
    [-3000, "<invalid>"],
    [-1500, "0s"],
    [0, "0s"],
    [119 * second, "119s"],
    [120 * second, "2m"],
    [5 * minute + 30 * second, "5m30s"],
    [10 * minute + 59 * second, "10m"],
    [179 * minute, "179m"],
    [3 * hour, "3h"],
    [6 * hour + 30 * minute, "6h30m"],
    [47 * hour, "47h"],
    [48 * hour, "2d"],
    [50 * hour, "2d2h"],
    [9 * day, "9d"],
    [729 * day, "729d"],
    [730 * day, "2y"],
    [735 * day, "2y5d"],
    [3000 * day, "8y"],
  ] as const) {
    assert.equal(formatDuration(durationMs), text, String(durationMs));
  }
  assert.equal(formatAge(undefined, 0), "<unknown>");
  assert.equal(formatAge("1970-01-01T00:00:00Z", 12_345), "12s");
});
