// Field paths and compiled projections.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileProjection, type JsonValue, parseFieldPath, projectValue } from "./mod.ts";

const OBJECT = {
  kind: "Pod",
  metadata: {
    name: "a",
    namespace: "n",
    uid: "u",
    resourceVersion: "1",
    labels: { "a.b/c": "x", d: "y" },
    managedFields: [{ manager: "m" }],
  },
  spec: { containers: [{ name: "c", image: "i", ports: [{ p: 1 }, { p: 2 }] }, { name: "d" }], nodeName: "z" },
  status: null,
};

function project(...paths: string[]): JsonValue | undefined {
  const compiled = compileProjection(paths);
  assert.ok(compiled.ok);
  return projectValue(compiled.value.root, OBJECT);
}

const IDENTITY = { name: "a", namespace: "n", uid: "u", resourceVersion: "1" };

test("parseFieldPath takes dots, leading dots, elements, any member and quoted names", () => {
  const path = parseFieldPath('.metadata.labels["a.b/c\\"d"].x[].*[*]');
  assert.deepEqual(path, {
    ok: true,
    value: [
      { kind: "member", name: "metadata" },
      { kind: "member", name: "labels" },
      { kind: "member", name: 'a.b/c"d' },
      { kind: "member", name: "x" },
      { kind: "any-element" },
      { kind: "any-member" },
      { kind: "any-element" },
    ],
  });
  for (const text of ["a..b", "a.", "a[0]", "a[", "a.[]", 'a["b]', "a]b"])
    assert.equal(parseFieldPath(text).ok, false, text);
});

test("compileProjection always keeps identity", () => {
  assert.deepEqual(project(), { metadata: IDENTITY });
  assert.deepEqual(project("status.phase"), { metadata: IDENTITY });
});

test("compileProjection combines paths, wildcards and prefixes", () => {
  assert.deepEqual(project("spec.containers[].image", "spec.containers[].ports[].p", "kind"), {
    kind: "Pod",
    metadata: IDENTITY,
    spec: { containers: [{ image: "i", ports: [{ p: 1 }, { p: 2 }] }, {}] },
  });
  assert.deepEqual(project('metadata.labels["a.b/c"]'), { metadata: { ...IDENTITY, labels: { "a.b/c": "x" } } });
  assert.deepEqual(project("spec.*"), { metadata: IDENTITY, spec: OBJECT.spec });
  assert.deepEqual(project("*.nodeName", "spec.containers[].name"), {
    metadata: IDENTITY,
    spec: { containers: [{ name: "c" }, { name: "d" }], nodeName: "z" },
  });
  assert.deepEqual(project("spec.nodeName", "spec"), { metadata: IDENTITY, spec: OBJECT.spec });
});

test("compileProjection drops managedFields unless a path names them", () => {
  const { managedFields, ...metadata } = OBJECT.metadata;
  assert.deepEqual(project("metadata"), { metadata });
  assert.deepEqual(project(""), { ...OBJECT, metadata });
  assert.deepEqual(project("*"), { ...OBJECT, metadata });
  assert.deepEqual(project("metadata.*"), { metadata });
  assert.deepEqual(project("metadata.managedFields"), { metadata: { ...IDENTITY, managedFields } });
  assert.deepEqual(project("", "metadata.managedFields"), OBJECT);
});

test("compileProjection keeps its limits", () => {
  assert.equal(compileProjection(Array.from({ length: 1025 }, () => "a")).ok, false);
  assert.equal(compileProjection([Array.from({ length: 65 }, () => "a").join(".")]).ok, false);
});
