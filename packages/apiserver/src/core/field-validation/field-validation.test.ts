// Pruning and the three modes of field validation, in the server's words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isJsonObject } from "@coracle/api";
import type { StructuralSchema } from "@coracle/api";
import * as fc from "fast-check";
import { judgeStrictness, pruneUnknownFields, strictErrorTexts } from "./mod.ts";

const schema: StructuralSchema = {
  type: "object",
  properties: {
    apiVersion: { type: "string" },
    kind: { type: "string" },
    metadata: { type: "object", properties: { name: { type: "string" } } },
    spec: {
      type: "object",
      properties: {
        vni: { type: "integer" },
        mode: { type: "string", default: "x" },
        note: { type: "string", nullable: true },
        labels: { type: "object", additionalProperties: { type: "string" } },
        list: { type: "array", items: { type: "object", properties: { a: { type: "integer" } } } },
        any: { preserveUnknownFields: true },
      },
    },
  },
};

const subnet = { apiVersion: "network.coracle.dev/v1alpha1", kind: "Subnet", builtIn: false };

test("pruneUnknownFields() drops what the schema does not name and says where", () => {
  const object = {
    zone: 1,
    metadata: { name: "a", foo: 1 },
    spec: {
      vni: 1,
      foo: { bar: 1 },
      labels: { any: "x" },
      list: [{ a: 1 }, { a: 2, b: 3 }],
      any: { deep: [{ x: null }] },
    },
  };
  const pruned = pruneUnknownFields(object, schema);
  assert.deepEqual(pruned.unknownFields, ["metadata.foo", "spec.foo", "spec.list[1].b", "zone"]);
  assert.deepEqual(pruned.object, {
    metadata: { name: "a" },
    spec: { vni: 1, labels: { any: "x" }, list: [{ a: 1 }, { a: 2 }], any: { deep: [{ x: null }] } },
  });
});

test("pruneUnknownFields() drops nulls unless they mean something", () => {
  const object = { spec: { vni: null, mode: null, note: null, any: null, labels: { a: null } } };
  const pruned = pruneUnknownFields(object, schema);
  assert.deepEqual(pruned.object, { spec: { mode: null, note: null, labels: {} } });
  assert.deepEqual(pruned.unknownFields, []);
});

test("pruneUnknownFields() reads null in a map of texts of a compiled-in type as the empty text", () => {
  const texts: StructuralSchema = { type: "object", additionalProperties: { type: "string" } };
  const map: StructuralSchema = {
    type: "object",
    definitionName: "io.k8s.api.core.v1.ConfigMap",
    properties: { data: texts },
  };
  assert.deepEqual(pruneUnknownFields({ data: { a: null, b: "x" } }, map).object, { data: { a: "", b: "x" } });
  const own: StructuralSchema = { ...map, definitionName: "dev.coracle.network.v1alpha1.Subnet" };
  assert.deepEqual(pruneUnknownFields({ data: { a: null, b: "x" } }, own).object, { data: { b: "x" } });
});

test("pruneUnknownFields() gives back the same object when it drops nothing, and prunes once", () => {
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(null, 1, "x"),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom("spec", "list", "a", "any", "labels", "x", "__proto__"), tie("value")),
    ),
  })).value;
  fc.assert(
    fc.property(value, (object) => {
      if (!isJsonObject(object)) return;
      const once = pruneUnknownFields(object, schema);
      const twice = pruneUnknownFields(once.object, schema);
      assert.equal(twice.object, once.object);
      assert.deepEqual(twice.unknownFields, []);
    }),
  );
});

test("judgeStrictness() ignores, warns or refuses", () => {
  const errors = strictErrorTexts({ strictErrors: ['duplicate field "spec.vni"'], unknownFields: ["spec.foo"] });
  assert.deepEqual(errors, ['duplicate field "spec.vni"', 'unknown field "spec.foo"']);
  const body = { kind: "body", expected: subnet } as const;
  assert.deepEqual(judgeStrictness("Ignore", errors, body), { ok: true, value: [] });
  assert.deepEqual(judgeStrictness("Warn", errors, body), { ok: true, value: errors });
  assert.deepEqual(judgeStrictness("Strict", [], body), { ok: true, value: [] });
  assert.deepEqual(judgeStrictness("Strict", errors, body), {
    ok: false,
    error: {
      code: 400,
      reason: "BadRequest",
      message:
        'Subnet in version "v1alpha1" cannot be handled as a Subnet: strict decoding error: ' +
        'duplicate field "spec.vni", unknown field "spec.foo"',
    },
  });
});

test("judgeStrictness() shows the patched object when it refuses a patch", () => {
  const subject = { kind: "patch", shown: '{"kind":"Subnet","spec":{"foo":1}}' } as const;
  const refused = judgeStrictness("Strict", ['unknown field "spec.foo"'], subject);
  assert.ok(!refused.ok);
  assert.equal(refused.error.code, 422);
  assert.equal(
    refused.error.message,
    ' "" is invalid: patch: Invalid value: "{\\"kind\\":\\"Subnet\\",\\"spec\\":{\\"foo\\":1}}": ' +
      'strict decoding error: unknown field "spec.foo"',
  );
  assert.equal(refused.error.details?.causes?.[0]?.field, "patch");
});
