// Every rule of pod updates, kept and broken.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiObject } from "../object-meta.ts";
import { validatePodUpdate } from "./pod-update.ts";

const SPEC = {
  containers: [
    { name: "one", image: "i1" },
    { name: "two", image: "i1" },
  ],
  activeDeadlineSeconds: 100,
  terminationGracePeriodSeconds: 30,
  tolerations: [{ key: "k", operator: "Exists", tolerationSeconds: 5 }],
};

function pod(spec: object): ApiObject {
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "web" }, spec: { ...SPEC, ...spec } };
}

function fieldsOf(change: object, before: object = {}): readonly string[] {
  return validatePodUpdate(pod({ ...before, ...change }), pod(before)).map(({ reason, field }) => `${reason} ${field}`);
}

test("validatePodUpdate() lets images, a shorter deadline and more tolerations through", () => {
  assert.deepEqual(fieldsOf({ containers: [{ name: "one", image: "i2" }, SPEC.containers[1]] }), []);
  assert.deepEqual(fieldsOf({ activeDeadlineSeconds: 99 }), []);
  assert.deepEqual(
    fieldsOf({ tolerations: [{ key: "k", operator: "Exists", tolerationSeconds: 9 }, { key: "l" }] }),
    [],
  );
  assert.deepEqual(fieldsOf({ terminationGracePeriodSeconds: 1 }, { terminationGracePeriodSeconds: -1 }), []);
});

test("validatePodUpdate() refuses everything else", () => {
  assert.deepEqual(fieldsOf({ containers: [SPEC.containers[0]] }), ["FieldValueForbidden spec.containers"]);
  assert.deepEqual(fieldsOf({ initContainers: [{ name: "i" }] }), ["FieldValueForbidden spec.initContainers"]);
  assert.deepEqual(fieldsOf({ containers: [{ name: "one" }, { name: "two", image: " i" }] }), [
    "FieldValueRequired spec.containers[0].image",
    "FieldValueInvalid spec.containers[1].image",
  ]);
  assert.deepEqual(fieldsOf({ activeDeadlineSeconds: 101 }), ["FieldValueInvalid spec.activeDeadlineSeconds"]);
  assert.deepEqual(fieldsOf({ activeDeadlineSeconds: undefined }), ["FieldValueInvalid spec.activeDeadlineSeconds"]);
  assert.deepEqual(fieldsOf({ tolerations: [] }), ["FieldValueForbidden spec.tolerations"]);
  assert.deepEqual(fieldsOf({ nodeName: "n2" }), ["FieldValueForbidden spec"]);
  assert.deepEqual(fieldsOf({ terminationGracePeriodSeconds: 1 }), ["FieldValueForbidden spec"]);
});
