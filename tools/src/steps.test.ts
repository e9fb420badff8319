// Steps of the gate that run together.
import assert from "node:assert/strict";
import { test } from "node:test";
import { groupSteps } from "./steps.ts";

void test("a step that is beside another runs with the one before it, the first alone", () => {
  const [one, two, three] = ["one", "two", "three"].map((name) => ({ name, command: [name] }));
  assert.ok(one !== undefined && two !== undefined && three !== undefined);
  const beside = { ...two, isBeside: true };
  assert.deepEqual(groupSteps([one, beside, three]), [[one, beside], [three]]);
  assert.deepEqual(groupSteps([beside, three]), [[beside], [three]]);
  assert.deepEqual(groupSteps([]), []);
});
