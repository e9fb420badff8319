// Names and metadata: what is accepted, and the server's words for what is not.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkDataKey,
  checkDns1035Label,
  checkDnsLabel,
  checkDnsSubdomain,
  checkLabelValue,
  checkPathSegment,
  checkQualifiedName,
  finalizerWarnings,
  type FieldError,
  formatFieldErrors,
  type ObjectMeta,
  utf8Size,
  validateMetadata,
  validateMetadataUpdate,
} from "./mod.ts";

const NAMED: ObjectMeta = { name: "a", namespace: "blue" };

function errorsOf(metadata: ObjectMeta, namespaced = true): string {
  return formatFieldErrors(validateMetadata(metadata, { namespaced, checkName: checkDnsSubdomain }));
}

test("labels, subdomains and their limits", () => {
  for (const right of ["a", "a-b", "0", "a".repeat(63)]) assert.deepEqual(checkDnsLabel(right), [], right);
  for (const wrong of ["", "-a", "a-", "A", "a.b", "a_b", "ä"]) assert.equal(checkDnsLabel(wrong).length, 1, wrong);
  assert.deepEqual(checkDnsLabel("a".repeat(64)), ["must be no more than 63 characters"]);
  for (const right of ["a.b", "a-1.b-2", "0.0", "a".repeat(253)]) assert.deepEqual(checkDnsSubdomain(right), [], right);
  for (const wrong of ["", ".", "a..b", "a.", ".a", "a.-b"]) assert.equal(checkDnsSubdomain(wrong).length, 1, wrong);
  assert.deepEqual(checkDnsSubdomain("a".repeat(254)), ["must be no more than 253 characters"]);
  assert.equal(checkDns1035Label("1a").length, 1);
  assert.deepEqual(checkDns1035Label("a1"), []);
  assert.equal(
    checkDnsLabel("A")[0],
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character " +
      "(e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  );
});

test("label keys, label values, data keys, path segments", () => {
  for (const right of ["a", "A.b_c-d", "example.com/x", "a/b"]) assert.deepEqual(checkQualifiedName(right), [], right);
  for (const wrong of ["", "/", "a/", "/a", "a/b/c", "-a", "Example.com/x", "x".repeat(64)]) {
    assert.ok(checkQualifiedName(wrong).length > 0, wrong);
  }
  assert.match(checkQualifiedName("/a")[0] ?? "", /^prefix part must be non-empty$/);
  assert.match(checkQualifiedName("a/b/c")[0] ?? "", /^a valid label key must consist/);
  for (const right of ["", "a", "A_b.C-d"]) assert.deepEqual(checkLabelValue(right), [], right);
  for (const wrong of [" ", "-a", "a/b", "x".repeat(64)]) assert.ok(checkLabelValue(wrong).length > 0, wrong);
  for (const right of ["a", ".a", "KEY_1", "a..b"]) assert.deepEqual(checkDataKey(right), [], right);
  for (const wrong of ["", ".", "..", "..a", "a b", "a/b", "x".repeat(254)])
    assert.ok(checkDataKey(wrong).length > 0, wrong);
  for (const wrong of [".", "..", "a/b", "a%b"]) assert.ok(checkPathSegment(wrong).length > 0, wrong);
  assert.deepEqual(checkPathSegment("system:node"), []);
});

test("names and namespaces of new objects", () => {
  assert.equal(errorsOf(NAMED), "[]");
  assert.equal(errorsOf({ namespace: "blue" }), "metadata.name: Required value: name or generateName is required");
  assert.match(
    errorsOf({ ...NAMED, name: "A" }),
    /^metadata\.name: Invalid value: "A": a lowercase RFC 1123 subdomain/,
  );
  assert.equal(errorsOf({ ...NAMED, generateName: "a-" }), "[]");
  assert.match(errorsOf({ ...NAMED, generateName: "A-" }), /^metadata\.generateName: Invalid value: "A-"/);
  assert.equal(errorsOf({ name: "a" }), "metadata.namespace: Required value");
  assert.match(
    errorsOf({ name: "a", namespace: "A" }),
    /^metadata\.namespace: Invalid value: "A": a lowercase RFC 1123 label/,
  );
  assert.equal(errorsOf(NAMED, false), "metadata.namespace: Forbidden: not allowed on this type");
});

test("labels, annotations, finalizers, owners, managers", () => {
  assert.match(
    errorsOf({ ...NAMED, labels: { "-": "x" } }),
    /^metadata\.labels: Invalid value: "-": name part must consist/,
  );
  assert.match(
    errorsOf({ ...NAMED, labels: { a: "b c" } }),
    /^metadata\.labels: Invalid value: "b c": a valid label must be an empty/,
  );
  assert.equal(errorsOf({ ...NAMED, annotations: { "Example.com/A": "any text at all" } }), "[]");
  const large = { ...NAMED, annotations: { a: "é".repeat(131_072) } };
  assert.equal(errorsOf(large), "metadata.annotations: Too long: may not be more than 262144 bytes");
  assert.equal(errorsOf({ ...NAMED, annotations: { a: "x".repeat(262_143) } }), "[]");
  assert.match(errorsOf({ ...NAMED, finalizers: ["a b"] }), /^metadata\.finalizers: Invalid value: "a b": name part/);
  assert.match(errorsOf({ ...NAMED, finalizers: ["orphan", "foregroundDeletion"] }), /cannot be both set$/);
  const owner = { apiVersion: "v1", kind: "Pod", name: "p", uid: "u" };
  assert.equal(errorsOf({ ...NAMED, ownerReferences: [owner] }), "[]");
  const fields = validateMetadata(
    { ...NAMED, ownerReferences: [{ apiVersion: "a/", kind: "", name: "", uid: "" }] },
    { namespaced: true, checkName: checkDnsSubdomain },
  ).map((error: FieldError) => error.field);
  assert.deepEqual(
    fields,
    ["apiVersion", "kind", "name", "uid"].map((name) => `metadata.ownerReferences.${name}`),
  );
  const two = [
    { ...owner, controller: true },
    { ...owner, name: "q", controller: true },
  ];
  assert.match(errorsOf({ ...NAMED, ownerReferences: two }), /Found "true" in references for Pod\/p and Pod\/q$/);
  assert.match(
    errorsOf({ ...NAMED, ownerReferences: [{ ...owner, kind: "Event" }] }),
    /disallowed from being an owner$/,
  );
  const entry = { manager: "x".repeat(129), operation: "Update", fieldsType: "FieldsV1" } as const;
  assert.match(errorsOf({ ...NAMED, managedFields: [entry] }), /^metadata\.managedFields\[0\]\.manager: Too long/);
  assert.match(
    errorsOf({ ...NAMED, managedFields: [{}] }),
    /managedFields\[0\]\.operation: Invalid value: "": must be `Apply` or `Update`/,
  );
});

test("metadata that cannot change, and finalizers of an object that is going", () => {
  const old: ObjectMeta = {
    ...NAMED,
    uid: "u",
    resourceVersion: "5",
    creationTimestamp: "2026-01-02T03:04:05Z",
    generation: 3,
  };
  assert.deepEqual(validateMetadataUpdate({ ...old, labels: { a: "b" }, generation: 4 }, old), []);
  for (const change of [
    { name: "b" },
    { namespace: "red" },
    { uid: "v" },
    { creationTimestamp: "2026-01-02T03:04:06Z" },
    { deletionTimestamp: "2026-01-02T03:04:06Z" },
    { deletionGracePeriodSeconds: 1 },
  ]) {
    const text = formatFieldErrors(validateMetadataUpdate({ ...old, ...change }, old));
    assert.match(text, new RegExp(`^metadata\\.${Object.keys(change)[0]}: Invalid value: .*: field is immutable$`));
  }
  const { resourceVersion: _, ...without } = old;
  assert.match(
    formatFieldErrors(validateMetadataUpdate(without, old)),
    /resourceVersion: .*must be specified for an update$/,
  );
  assert.match(formatFieldErrors(validateMetadataUpdate({ ...old, generation: 2 }, old)), /must not be decremented$/);
  const going = { ...old, deletionTimestamp: "2026-01-02T03:04:06Z", finalizers: ["a.b/c"] };
  assert.deepEqual(validateMetadataUpdate({ ...going, finalizers: [] }, going), []);
  assert.equal(
    formatFieldErrors(validateMetadataUpdate({ ...going, finalizers: ["a.b/c", "a.b/d"] }, going)),
    'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a.b/d"}',
  );
});

test("a finalizer without a domain is warned about once, when it is new", () => {
  const finalizers = ["plain", "a.b/c", "orphan"];
  assert.deepEqual(finalizerWarnings({ finalizers }, undefined), [
    'metadata.finalizers: "plain": prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers',
  ]);
  assert.deepEqual(finalizerWarnings({ finalizers }, { finalizers }), []);
});

test("sizes count UTF-8 bytes", () => {
  for (const text of ["", "a", "é", "€", "😀", "a😀é", "\ud800", "\ud800a"]) {
    assert.equal(utf8Size(text), new TextEncoder().encode(text).length, JSON.stringify(text));
  }
});
