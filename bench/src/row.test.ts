// Ratios, medians and the table.
import assert from "node:assert/strict";
import { test } from "node:test";
import { interleave } from "./bench.ts";
import { median, toRow } from "./row.ts";
import { formatTable } from "./table.ts";

test("toRow() takes the median of the pairs' ratios, in the better direction of the unit", () => {
  const row = toRow({
    bench: "x",
    row: "y",
    unit: "ms",
    better: "lower",
    gate: 1.5,
    against: "C",
    rounds: [
      [1, 2],
      [2, 2],
      [1, 3],
    ],
  });
  assert.equal(row.ratio, 2);
  assert.equal(row.pass, true);
  assert.equal(toRow({ bench: "x", row: "y", unit: "1/s", better: "higher", gate: 1.5, rounds: [[1, 2]] }).pass, false);
  assert.throws(() => toRow({ bench: "x", row: "y", unit: "s", better: "lower", rounds: [] }), RangeError);
});

test("median() of even and odd counts", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
});

test("interleave() swaps who goes first and keeps the pairs together", async () => {
  const order: string[] = [];
  const run = (name: string, figure: number) => async () => {
    order.push(name);
    return figure;
  };
  assert.deepEqual(await interleave(2, run("a", 1), run("b", 2)), [
    [1, 2],
    [1, 2],
  ]);
  assert.deepEqual(order, ["a", "b", "b", "a"]);
});

test("formatTable() marks a failed gate", () => {
  const text = formatTable([toRow({ bench: "x", row: "y", unit: "1/s", better: "higher", gate: 2, rounds: [[2, 2]] })]);
  assert.match(text, /1\.00 +≥ 2 +███░░░░░░░ FAILED/);
});
