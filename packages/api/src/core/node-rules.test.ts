// Every rule of node taints, kept and broken.
import assert from "node:assert/strict";
import { test } from "node:test";
import { validateNode } from "./node-rules.ts";

function fieldsOf(...taints: readonly object[]): readonly string[] {
  const node = { apiVersion: "v1", kind: "Node", metadata: { name: "n" }, spec: { taints } };
  return validateNode(node).map(({ reason, field }) => `${reason} ${field}`);
}

test("validateNode() accepts taints that differ in key or effect", () => {
  assert.deepEqual(
    fieldsOf({ key: "example.com/a", value: "x", effect: "NoSchedule" }, { key: "a", effect: "NoExecute" }),
    [],
  );
  assert.deepEqual(fieldsOf({ key: "a", effect: "NoSchedule" }, { key: "a", effect: "NoExecute" }), []);
});

test("validateNode() refuses bad keys, values, effects and repetitions", () => {
  assert.deepEqual(fieldsOf({ key: "a b", value: "c d", effect: "Never" }), [
    "FieldValueInvalid metadata.taints[0].key",
    "FieldValueInvalid metadata.taints[0].value",
    "FieldValueNotSupported metadata.taints[0].effect",
  ]);
  assert.ok(fieldsOf({}).includes("FieldValueRequired metadata.taints[0].effect"));
  const taint = { key: "a", effect: "NoSchedule" };
  assert.deepEqual(fieldsOf(taint, taint), ["FieldValueDuplicate metadata.taints[1]"]);
});
