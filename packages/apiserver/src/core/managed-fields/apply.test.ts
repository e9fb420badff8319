// Server-side apply: creation, conflicts, force, co-ownership, removal, migration, and laws that hold for any sequence of applies.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isJsonObject } from "@coracle/api";
import type { JsonObject } from "@coracle/api";
import * as fc from "fast-check";
import type { StatusFailure } from "../json/mod.ts";
import { applyConfiguration, trackUpdate } from "./mod.ts";
import type { ApplyTracking } from "./mod.ts";
import { managersOf, subnet, tracking } from "./testing.ts";

function applying(manager: string, given: Partial<ApplyTracking> = {}): ApplyTracking {
  return { ...tracking({ manager }), force: false, kind: "Subnet", ...given };
}

function applied(live: JsonObject | undefined, spec: JsonObject, by: ApplyTracking): JsonObject {
  const result = applyConfiguration(live, subnet(spec), by);
  assert.ok(result.ok, result.ok ? "" : result.error.message);
  return result.value;
}

function refused(live: JsonObject | undefined, object: JsonObject, by: ApplyTracking): StatusFailure {
  const result = applyConfiguration(live, object, by);
  assert.ok(!result.ok);
  return result.error;
}

function specOf(object: JsonObject): unknown {
  return object["spec"];
}

function fieldsOfManager(object: JsonObject, manager: string): unknown {
  return managersOf(object).find((entry) => entry["manager"] === manager)?.["fieldsV1"];
}

test("applyConfiguration() creates", () => {
  const created = applied(undefined, { vni: 1, list: [{ name: "a" }] }, applying("one"));
  assert.deepEqual(specOf(created), { vni: 1, list: [{ name: "a" }] });
  assert.deepEqual(managersOf(created), [
    {
      manager: "one",
      operation: "Apply",
      apiVersion: "network.coracle.dev/v1alpha1",
      time: "2026-01-02T03:04:05Z",
      fieldsType: "FieldsV1",
      fieldsV1: { "f:spec": { "f:list": { 'k:{"name":"a"}': { ".": {}, "f:name": {} } }, "f:vni": {} } },
    },
  ]);
});

test("applyConfiguration() of the same again gives back the live object itself", () => {
  const created = applied(
    undefined,
    { vni: 1, labels: { a: "b" }, tags: ["x"], list: [{ name: "a", port: 1 }] },
    applying("one"),
  );
  const later = applying("one", { nowRfc3339: "2027-01-01T00:00:00Z" });
  assert.equal(
    applied(created, { vni: 1, labels: { a: "b" }, tags: ["x"], list: [{ name: "a", port: 1 }] }, later),
    created,
  );
});

test("applyConfiguration() refuses to change fields of others, naming them as kube-apiserver does", () => {
  const created = trackUpdate(
    undefined,
    subnet({ vni: 1, list: [{ name: "a", port: 1 }] }),
    tracking({ manager: "manager" }),
  );
  const one = refused(created, subnet({ vni: 2 }), applying("one"));
  assert.deepEqual(one, {
    code: 409,
    reason: "Conflict",
    message: 'Apply failed with 1 conflict: conflict with "manager" using network.coracle.dev/v1alpha1: .spec.vni',
    details: {
      causes: [
        {
          reason: "FieldManagerConflict",
          message: 'conflict with "manager" using network.coracle.dev/v1alpha1',
          field: ".spec.vni",
        },
      ],
    },
  });
  const two = refused(created, subnet({ vni: 2, list: [{ name: "a", port: 2 }] }), applying("one"));
  assert.equal(
    two.message,
    'Apply failed with 2 conflicts: conflicts with "manager" using network.coracle.dev/v1alpha1:\n' +
      '- .spec.vni\n- .spec.list[name="a"].port',
  );
  const other = applied(undefined, { vni: 1 }, applying("first"));
  assert.equal(
    refused(other, subnet({ vni: 2 }), applying("one")).message,
    'Apply failed with 1 conflict: conflict with "first": .spec.vni',
  );
});

test("applyConfiguration() takes by force and shares what is equal", () => {
  const created = applied(undefined, { vni: 1, ipv4: "10.0.0.0/8" }, applying("one"));
  const shared = applied(created, { vni: 1 }, applying("two"));
  assert.deepEqual(fieldsOfManager(shared, "two"), { "f:spec": { "f:vni": {} } });
  const forced = applied(created, { vni: 2 }, applying("two", { force: true }));
  assert.deepEqual(specOf(forced), { vni: 2, ipv4: "10.0.0.0/8" });
  assert.deepEqual(fieldsOfManager(forced, "one"), { "f:spec": { "f:ipv4": {} } });
  assert.deepEqual(fieldsOfManager(forced, "two"), { "f:spec": { "f:vni": {} } });
});

test("applyConfiguration() removes what its manager no longer applies, unless others own it", () => {
  const created = applied(
    undefined,
    { vni: 1, labels: { a: "1", b: "2" }, tags: ["x", "y"], list: [{ name: "a", port: 1 }, { name: "b" }] },
    applying("one"),
  );
  const less = applied(created, { vni: 1, labels: { a: "1" }, tags: ["y"], list: [{ name: "b" }] }, applying("one"));
  assert.deepEqual(specOf(less), { vni: 1, labels: { a: "1" }, tags: ["y"], list: [{ name: "b" }] });
  const shared = applied(created, { labels: { b: "2" } }, applying("two"));
  const kept = applied(shared, { vni: 1 }, applying("one"));
  assert.deepEqual(specOf(kept), { vni: 1, labels: { b: "2" } });
  // Nothing is left in the struct, so it goes as well; it stays owned.
  const gone = applied(created, {}, applying("one"));
  assert.equal(specOf(gone), undefined);
  assert.deepEqual(fieldsOfManager(gone, "one"), { "f:spec": {} });
});

test("applyConfiguration() keeps members that an updater owns, but not items whose key it does not own", () => {
  const created = applied(undefined, { nested: { a: "1" }, list: [{ name: "x" }] }, applying("one"));
  const stored = {
    ...created,
    metadata: { ...(isJsonObject(created["metadata"]) ? created["metadata"] : {}), uid: "u" },
  };
  const touched = trackUpdate(
    stored,
    { ...stored, spec: { nested: { a: "1", b: "2" }, list: [{ name: "x", port: 5 }] } },
    tracking({ manager: "editor" }),
  );
  const kept = applied(touched, {}, applying("one"));
  assert.deepEqual(specOf(kept), { nested: { b: "2" } });
});

test("applyConfiguration() orders list items like the configuration and keeps those of others", () => {
  const created = applied(undefined, { list: [{ name: "a" }, { name: "b" }, { name: "c" }] }, applying("one"));
  const more = applied(created, { list: [{ name: "c" }, { name: "d" }, { name: "a" }] }, applying("two"));
  const names = JSON.stringify(specOf(more))
    .match(/"name":"."/g)
    ?.map((text) => text.charAt(8));
  assert.deepEqual(names, ["b", "c", "d", "a"]);
});

test("applyConfiguration() to an untracked object shows conflicts with before-first-apply", () => {
  const untracked = { ...subnet({ vni: 1, ipv4: "x" }), metadata: { name: "a", uid: "u" } };
  const conflict = refused(untracked, subnet({ vni: 2 }), applying("one"));
  assert.equal(
    conflict.message,
    'Apply failed with 1 conflict: conflict with "before-first-apply" using network.coracle.dev/v1alpha1: .spec.vni',
  );
  const forced = applied(untracked, { vni: 2 }, applying("one", { force: true }));
  assert.deepEqual(fieldsOfManager(forced, "before-first-apply"), { "f:spec": { ".": {}, "f:ipv4": {} } });
});

test("applyConfiguration() refuses wrong types, managedFields and fields the schema does not know", () => {
  const by = applying("one");
  assert.deepEqual(refused(undefined, { ...subnet({}), kind: "Other" }, by), {
    code: 400,
    reason: "BadRequest",
    message: "invalid object type: network.coracle.dev/v1alpha1, Kind=Other",
  });
  const managed = { ...subnet({}), metadata: { name: "a", managedFields: [] } };
  assert.equal(refused(undefined, managed, by).message, "metadata.managedFields must be nil");
  const unknown = refused(undefined, subnet({ foo: 1 }), by);
  assert.equal(unknown.code, 500);
  assert.equal(
    unknown.message,
    "failed to create typed patch object (/a; network.coracle.dev/v1alpha1, Kind=Subnet): .spec.foo: field not declared in schema",
  );
  assert.match(
    refused(undefined, subnet({ vni: "x" }), by).message,
    /: \.spec\.vni: expected numeric \(int or float\), got string$/,
  );
  assert.match(
    refused(undefined, subnet({ list: [{ name: "a" }, { name: "a" }] }), by).message,
    /duplicate entries for key \[name="a"\]/,
  );
  assert.match(refused(undefined, subnet({ list: [{ port: 1 }] }), by).message, /omits all key fields \["name"\]/);
});

const ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration";

test("applyConfiguration() moves what kubectl applied on the client side without conflict", () => {
  const lastApplied = JSON.stringify(subnet({ vni: 1, ipv4: "x" }));
  const metadata = { name: "a", uid: "u", annotations: { [ANNOTATION]: lastApplied } };
  const live = trackUpdate(
    undefined,
    { ...subnet({ vni: 1, ipv4: "x" }), metadata },
    tracking({ manager: "kubectl-client-side-apply" }),
  );
  assert.equal(applyConfiguration(live, subnet({ vni: 2 }), applying("someone")).ok, false);
  const moved = applied(live, { vni: 2 }, applying("kubectl"));
  assert.deepEqual(specOf(moved), { vni: 2, ipv4: "x" });
  const annotations = isJsonObject(moved["metadata"]) ? moved["metadata"]["annotations"] : {};
  assert.deepEqual(annotations, {
    [ANNOTATION]:
      '{"apiVersion":"network.coracle.dev/v1alpha1","kind":"Subnet","metadata":{"name":"a"},"spec":{"vni":2}}\n',
  });
  const edited = { ...live, spec: { vni: 5, ipv4: "x" } };
  const contested = trackUpdate(live, edited, tracking({ manager: "editor" }));
  assert.match(refused(contested, subnet({ vni: 2 }), applying("kubectl")).message, /conflict with "editor"/);
});

const specs = fc.record(
  {
    vni: fc.integer({ min: 1, max: 3 }),
    labels: fc.dictionary(fc.constantFrom("a", "b", "c"), fc.constantFrom("1", "2"), { maxKeys: 3 }),
    tags: fc.uniqueArray(fc.constantFrom("x", "y", "z"), { minLength: 1, maxLength: 3 }),
    list: fc.uniqueArray(fc.record({ name: fc.constantFrom("p", "q", "r"), port: fc.integer({ min: 1, max: 2 }) }), {
      selector: (item) => item.name,
      minLength: 1,
      maxLength: 3,
    }),
    nested: fc.record({ a: fc.constantFrom("1", "2"), b: fc.constantFrom("1", "2") }, { requiredKeys: [] }),
    any: fc.dictionary(fc.constantFrom("a", "b"), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 2 }),
  },
  { requiredKeys: [] },
);
const steps = fc.array(fc.record({ manager: fc.constantFrom("one", "two"), spec: specs, update: fc.boolean() }), {
  maxLength: 6,
});

test("applyConfiguration() is idempotent and leaves what it applied in place, whatever went before", () => {
  fc.assert(
    fc.property(steps, specs, (before, spec) => {
      const live = replay(before);
      const once = applied(live, spec, applying("last", { force: true }));
      assert.equal(applied(once, spec, applying("last", { force: true })), once);
      assert.equal(applied(once, spec, applying("last")), once);
      assertContains(specOf(once), spec);
    }),
    { numRuns: 300 },
  );
});

test("every leaf of the object is owned by somebody, whatever was written", () => {
  fc.assert(
    fc.property(steps, (before) => {
      const live = replay(before);
      // An object that lost its last owned field is not tracked any more, until somebody applies to it.
      if (live === undefined || managersOf(live).length === 0) return;
      const text = JSON.stringify(managersOf(live).map((entry) => entry["fieldsV1"]));
      for (const name of leafNames(specOf(live))) assert.ok(text.includes(JSON.stringify(name)), name);
    }),
    { numRuns: 300 },
  );
});

// Empty lists and maps are left out: an applied list without items sets no field, and neither does a map emptied later.
function leafNames(spec: unknown): readonly string[] {
  if (!isJsonObject(spec)) return [];
  const { labels, nested, tags } = spec;
  const members = [labels, nested].flatMap((map) => (isJsonObject(map) ? Object.keys(map) : []));
  const items = Array.isArray(tags) ? tags.map((tag) => `v:${JSON.stringify(tag)}`) : [];
  const vni = Object.hasOwn(spec, "vni") ? ["f:vni"] : [];
  return [...vni, ...items, ...members.map((name) => `f:${name}`)];
}

function replay(before: readonly { manager: string; spec: JsonObject; update: boolean }[]): JsonObject | undefined {
  let live: JsonObject | undefined;
  for (const { manager, spec, update } of before) {
    const next = update
      ? trackUpdate(live, { ...(live ?? subnet({})), spec }, tracking({ manager }))
      : applied(live, spec, applying(manager, { force: true }));
    live = { ...next, metadata: { ...(isJsonObject(next["metadata"]) ? next["metadata"] : {}), uid: "u" } };
  }
  return live;
}

function assertContains(actual: unknown, expected: unknown): void {
  if (Array.isArray(expected) && Array.isArray(actual)) {
    const texts = new Set(actual.map((item) => JSON.stringify(item)));
    for (const item of expected) assert.ok(isJsonObject(item) || texts.has(JSON.stringify(item)));
  } else if (isJsonObject(expected)) {
    assert.ok(isJsonObject(actual));
    for (const [name, value] of Object.entries(expected)) {
      if (value !== null) assertContains(actual[name], value);
    }
  } else if (expected !== null) {
    assert.deepEqual(actual, expected);
  }
}
