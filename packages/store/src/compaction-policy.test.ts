// History goes only when it is both old and plentiful.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CompactionPolicy, revision } from "./mod.ts";

test("nothing is compacted while history is young, however much of it there is", () => {
  const policy = new CompactionPolicy({ ageMs: 1000, countMin: 10 });
  for (let nowMs = 0; nowMs < 1000; nowMs += 100) assert.equal(policy.sample(nowMs, revision(1 + nowMs)), undefined);
});

test("nothing is compacted while there is little of it, however old", () => {
  const policy = new CompactionPolicy({ ageMs: 1000, countMin: 100 });
  for (let nowMs = 0; nowMs < 1_000_000; nowMs += 500) assert.equal(policy.sample(nowMs, revision(50)), undefined);
});

test("the target is the revision of the age kept, and leaves the count kept", () => {
  const policy = new CompactionPolicy({ ageMs: 1000, countMin: 100 });
  assert.equal(policy.sample(0, revision(500)), undefined);
  assert.equal(policy.sample(500, revision(700)), undefined);
  assert.equal(policy.sample(1000, revision(5000)), 500);
  assert.equal(policy.sample(1500, revision(5010)), 700);
  assert.equal(policy.sample(2600, revision(5020)), 4920, "the count wins over the age");
});

test("a burst of samples is bounded and only makes history longer", () => {
  const policy = new CompactionPolicy({ ageMs: 1_000_000, countMin: 1 });
  for (let nowMs = 0; nowMs < 100_000; nowMs++) assert.equal(policy.sample(nowMs, revision(nowMs + 2)), undefined);
  const target = policy.sample(1_099_000, revision(200_000));
  assert.ok(target !== undefined && target <= 99_000 + 2, `target is ${target}`);
});

test("samples are taken often enough for the age kept", () => {
  const policy = new CompactionPolicy({ ageMs: 300_000, countMin: 1 });
  assert.ok(policy.intervalMs <= 60_000);
});
