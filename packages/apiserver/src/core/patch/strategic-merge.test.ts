// Strategic merge patch: lists by key, every directive, element order, and malformed patches.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { StructuralSchema } from "@coracle/api";
import * as fc from "fast-check";
import { applyPatch, decodePatch, findRestoreError, shownPatch, strategicMerge } from "./mod.ts";

const container: StructuralSchema = {
  type: "object",
  properties: {
    name: { type: "string" },
    ports: { type: "array", patchStrategy: "merge", patchMergeKey: "containerPort", items: { type: "object" } },
    args: { type: "array", items: { type: "string" } },
  },
};

const schema: StructuralSchema = {
  type: "object",
  properties: {
    metadata: {
      type: "object",
      properties: {
        labels: { type: "object", additionalProperties: { type: "string" } },
        finalizers: { type: "array", patchStrategy: "merge", items: { type: "string" } },
      },
    },
    containers: { type: "array", patchStrategy: "merge", patchMergeKey: "name", items: container },
    strategy: { type: "object", patchStrategy: "retainKeys" },
    selector: { type: "object", patchStrategy: "replace" },
    noKey: { type: "array", patchStrategy: "merge", items: { type: "object" } },
  },
};

const live = {
  metadata: { labels: { a: "1", b: "2" }, finalizers: ["x", "y"] },
  containers: [
    { name: "one", image: "i1", args: ["a"] },
    { name: "two", image: "i2", ports: [{ containerPort: 80 }, { containerPort: 81 }] },
  ],
  strategy: { type: "Rolling", rolling: { max: 1 } },
  selector: { app: "x", tier: "y" },
};

function merged(patch: object): unknown {
  const bytes = new TextEncoder().encode(JSON.stringify(patch));
  const decoded = decodePatch("strategic", bytes, { strict: true });
  assert.ok(decoded.ok);
  const result = applyPatch(live, decoded.value, schema);
  return result.ok ? result.value : `${result.error.code} ${result.error.message}`;
}

test("strategicMerge() merges maps and removes on null", () => {
  assert.deepEqual(merged({ metadata: { labels: { a: null, c: "3" } } }), {
    ...live,
    metadata: { labels: { b: "2", c: "3" }, finalizers: ["x", "y"] },
  });
});

test("strategicMerge() merges lists of objects by key, patch order first", () => {
  const result = merged({
    containers: [
      { name: "three", image: "i3" },
      { name: "two", image: "new", ports: [{ containerPort: 82 }] },
    ],
  });
  assert.deepEqual(result, {
    ...live,
    containers: [
      { name: "three", image: "i3" },
      { name: "one", image: "i1", args: ["a"] },
      { name: "two", image: "new", ports: [{ containerPort: 82 }, { containerPort: 80 }, { containerPort: 81 }] },
    ],
  });
});

test("strategicMerge() replaces lists without a strategy and merges lists of scalars as sets", () => {
  assert.deepEqual(merged({ containers: [{ name: "one", args: ["b"] }], metadata: { finalizers: ["z", "x"] } }), {
    ...live,
    containers: [{ name: "one", image: "i1", args: ["b"] }, live.containers[1]],
    metadata: { labels: { a: "1", b: "2" }, finalizers: ["z", "x", "y"] },
  });
});

test("strategicMerge() obeys $patch in lists and maps", () => {
  assert.deepEqual(merged({ containers: [{ name: "one", $patch: "delete" }] }), {
    ...live,
    containers: [live.containers[1]],
  });
  assert.deepEqual(merged({ containers: [{ $patch: "replace" }, { name: "new" }] }), {
    ...live,
    containers: [{ name: "new" }],
  });
  assert.deepEqual(merged({ metadata: { $patch: "replace", labels: { z: "1" } } }), {
    ...live,
    metadata: { labels: { z: "1" } },
  });
  assert.deepEqual(merged({ metadata: { labels: { $patch: "delete" } } }), {
    ...live,
    metadata: { labels: {}, finalizers: ["x", "y"] },
  });
  assert.deepEqual(merged({ selector: { app: "z" } }), { ...live, selector: { app: "z" } });
});

test("strategicMerge() obeys $deleteFromPrimitiveList, $setElementOrder and $retainKeys", () => {
  assert.deepEqual(merged({ metadata: { "$deleteFromPrimitiveList/finalizers": ["x"] } }), {
    ...live,
    metadata: { labels: { a: "1", b: "2" }, finalizers: ["y"] },
  });
  assert.deepEqual(
    merged({
      "$setElementOrder/containers": [{ name: "two" }, { name: "one" }],
      containers: [{ name: "one", image: "n" }],
    }),
    { ...live, containers: [live.containers[1], { name: "one", image: "n", args: ["a"] }] },
  );
  assert.deepEqual(merged({ metadata: { "$setElementOrder/finalizers": ["y", "x"] } }), {
    ...live,
    metadata: { labels: { a: "1", b: "2" }, finalizers: ["y", "x"] },
  });
  assert.deepEqual(merged({ strategy: { $retainKeys: ["type"], type: "Recreate" } }), {
    ...live,
    strategy: { type: "Recreate" },
  });
});

test("strategicMerge() leaves no directive behind where there was nothing to change", () => {
  assert.deepEqual(
    strategicMerge(
      {},
      {
        containers: [
          { name: "a", $patch: "delete" },
          { name: "b", x: null },
        ],
      },
      schema,
    ),
    {
      containers: [{ name: "b" }],
    },
  );
  assert.deepEqual(strategicMerge({}, { metadata: { $patch: "delete" } }, schema), {});
});

test("applyPatch() refuses malformed strategic merge patches", () => {
  assert.equal(merged({ strategy: { $retainKeys: ["type"], other: 1 } }), "400 invalid patch format of retainKeys");
  assert.equal(
    merged({ metadata: { "$deleteFromPrimitiveList/finalizers": "x" } }),
    "400 invalid patch format of primitive list",
  );
  assert.match(String(merged({ containers: [{ image: "x" }] })), /^500 .*merge key: name/);
  assert.match(String(merged({ metadata: { $patch: "bogus" } })), /^500 unknown patch type/);
  assert.match(
    String(
      merged({
        "$setElementOrder/containers": [{ name: "one" }, { name: "two" }],
        containers: [{ name: "two" }, { name: "one" }],
      }),
    ),
    /^500 The order in patch list/,
  );
});

test("findRestoreError() and shownPatch() word what does not fit", () => {
  assert.equal(findRestoreError(schema, { metadata: { labels: ["x"] } }), "cannot restore map from slice");
  assert.equal(findRestoreError(schema, { metadata: "x" }), "cannot restore struct from: string");
  assert.equal(findRestoreError(schema, { containers: {} }), "cannot restore slice from map");
  assert.equal(findRestoreError(schema, { containers: [{ name: 1 }] }), "cannot convert int64 to string");
  assert.equal(findRestoreError(schema, live), undefined);
  const patch = { kind: "strategic", value: { data: ["x", { b: 1, a: null }] }, strictErrors: [] } as const;
  assert.equal(shownPatch(patch, {}), "map[data:[x map[a:<nil> b:1]]]");
  assert.equal(shownPatch({ ...patch, kind: "merge" }, { b: 1, a: 2 }), '{"a":2,"b":1}');
});

test("applyPatch() never throws on any strategic merge patch", () => {
  const name = fc.constantFrom(
    "metadata",
    "containers",
    "finalizers",
    "$patch",
    "name",
    "$retainKeys",
    "$setElementOrder/containers",
    "noKey",
  );
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(null, 1, "delete", "replace", "one"),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(name, tie("value"), { maxKeys: 3 }),
    ),
  })).value;
  fc.assert(
    fc.property(fc.dictionary(name, value, { maxKeys: 4 }), (patch) => {
      merged(patch);
    }),
    { numRuns: 500 },
  );
});
