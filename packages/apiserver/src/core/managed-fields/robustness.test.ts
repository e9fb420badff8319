// Field tracking never throws: whatever an object holds, whatever its managedFields claim, and however deep it is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isJsonObject } from "@coracle/api";
import type { JsonObject } from "@coracle/api";
import * as fc from "fast-check";
import { JSON_DEPTH_MAX } from "../json/mod.ts";
import { MANAGED_ENTRIES_MAX } from "./field-managers.ts";
import { applyConfiguration, trackUpdate } from "./mod.ts";
import { managersOf, subnet, tracking } from "./testing.ts";

const names = fc.constantFrom(
  "vni",
  "labels",
  "list",
  "tags",
  "any",
  "nested",
  "a",
  "name",
  "port",
  "atomic",
  "__proto__",
);
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, 1, "x", true, 0.5),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(names, tie("value"), { maxKeys: 4 }),
  ),
})).value;

const steps = fc.oneof(
  names.map((name) => `f:${name}`),
  fc.constantFrom(
    ".",
    "f:spec",
    "f:metadata",
    "f:apiVersion",
    'k:{"name":"a"}',
    'v:"x"',
    "i:0",
    "v:{",
    "k:1",
    "z:",
    "x",
    "",
  ),
);
const fields = fc.letrec((tie) => ({
  tree: fc.dictionary(steps, fc.oneof({ maxDepth: 3 }, fc.constant({}), tie("tree"), fc.constantFrom(1, null)), {
    maxKeys: 3,
  }),
})).tree;
const entries = fc.record(
  {
    manager: fc.constantFrom("one", "tester", ""),
    operation: fc.constantFrom("Apply", "Update", "Nope"),
    apiVersion: fc.constantFrom("network.coracle.dev/v1alpha1", "v1", ""),
    fieldsType: fc.constantFrom("FieldsV1", "FieldsV2"),
    fieldsV1: fields,
    time: fc.constantFrom("2026-01-01T00:00:00Z", "soon"),
    subresource: fc.constantFrom("", "status"),
  },
  { requiredKeys: ["operation", "apiVersion", "fieldsType"] },
);
const managedFields = fc.oneof(fc.array(entries, { maxLength: 3 }), fc.constantFrom(undefined, null, [{}], "x", 5));

function object(spec: unknown, managed: unknown): JsonObject {
  const metadata = { name: "a", uid: "u", ...(managed === undefined ? {} : { managedFields: managed }) };
  return { ...subnet({}), metadata, spec };
}

test("trackUpdate() and applyConfiguration() take any object and any managedFields", () => {
  fc.assert(
    fc.property(values, values, managedFields, managedFields, (before, after, had, has) => {
      const live = object(before, had);
      trackUpdate(live, object(after, has), tracking());
      trackUpdate(undefined, object(after, has), tracking());
      const apply = { ...tracking({ manager: "one" }), force: true, kind: "Subnet" };
      applyConfiguration(live, { ...subnet({}), spec: after }, apply);
      applyConfiguration(undefined, { ...subnet({}), spec: after }, apply);
    }),
    { numRuns: 1000 },
  );
});

test("trackUpdate() and applyConfiguration() take the deepest object that is read", () => {
  let deep: unknown = 1;
  for (let level = 0; level < JSON_DEPTH_MAX; level += 1) deep = { a: deep };
  const created = trackUpdate(undefined, subnet({ any: deep }), tracking());
  assert.equal(managersOf(created).length, 1);
  const applied = applyConfiguration(undefined, subnet({ any: deep }), { ...tracking(), force: false, kind: "Subnet" });
  assert.ok(applied.ok && isJsonObject(applied.value["spec"]));
});

test("trackUpdate() starts anew where managedFields has too many entries", () => {
  const entry = (index: number): JsonObject => ({
    manager: `m${index}`,
    operation: "Apply",
    apiVersion: "network.coracle.dev/v1alpha1",
    fieldsType: "FieldsV1",
    fieldsV1: { "f:spec": { "f:vni": {} } },
  });
  const at = Array.from({ length: MANAGED_ENTRIES_MAX }, (_, index) => entry(index));
  const live = object({ vni: 1 }, undefined);
  assert.equal(managersOf(trackUpdate(live, object({ vni: 1 }, at), tracking())).length, MANAGED_ENTRIES_MAX);
  const over = [...at, entry(MANAGED_ENTRIES_MAX)];
  assert.equal(managersOf(trackUpdate(live, object({ vni: 1 }, over), tracking())).length, 0);
});
