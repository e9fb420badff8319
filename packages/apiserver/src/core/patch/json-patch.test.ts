// RFC 6902 appendix A, the server's own choices, and the caps.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isJsonObject } from "@coracle/api";
import * as fc from "fast-check";
import { applyPatch, decodePatch, JSON_PATCH_COPIED_BYTES_MAX, JSON_PATCH_OPERATIONS_MAX } from "./mod.ts";

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

function patched(document: unknown, operations: unknown): unknown {
  assert.ok(isJsonObject(document));
  const patch = decodePatch("json", encode(operations), { strict: true });
  assert.ok(patch.ok, "the patch decodes");
  const result = applyPatch(document, patch.value, {});
  return result.ok ? result.value : result.error.code;
}

// [section, document, operations, result or status code]
const RFC_CASES: readonly (readonly [string, unknown, unknown, unknown])[] = [
  ["A.1", { foo: "bar" }, [{ op: "add", path: "/baz", value: "qux" }], { baz: "qux", foo: "bar" }],
  ["A.2", { foo: ["bar", "baz"] }, [{ op: "add", path: "/foo/1", value: "qux" }], { foo: ["bar", "qux", "baz"] }],
  ["A.3", { baz: "qux", foo: "bar" }, [{ op: "remove", path: "/baz" }], { foo: "bar" }],
  ["A.4", { foo: ["bar", "qux", "baz"] }, [{ op: "remove", path: "/foo/1" }], { foo: ["bar", "baz"] }],
  ["A.5", { baz: "qux", foo: "bar" }, [{ op: "replace", path: "/baz", value: "boo" }], { baz: "boo", foo: "bar" }],
  [
    "A.6",
    { foo: { bar: "baz", waldo: "fred" }, qux: { corge: "grault" } },
    [{ op: "move", from: "/foo/waldo", path: "/qux/thud" }],
    { foo: { bar: "baz" }, qux: { corge: "grault", thud: "fred" } },
  ],
  [
    "A.7",
    { foo: ["all", "grass", "cows", "eat"] },
    [{ op: "move", from: "/foo/1", path: "/foo/3" }],
    { foo: ["all", "cows", "eat", "grass"] },
  ],
  [
    "A.8",
    { baz: "qux", foo: ["a", 2, "c"] },
    [
      { op: "test", path: "/baz", value: "qux" },
      { op: "test", path: "/foo/1", value: 2 },
    ],
    { baz: "qux", foo: ["a", 2, "c"] },
  ],
  ["A.9", { baz: "qux" }, [{ op: "test", path: "/baz", value: "bar" }], 422],
  [
    "A.10",
    { foo: "bar" },
    [{ op: "add", path: "/child", value: { grandchild: {} } }],
    { foo: "bar", child: { grandchild: {} } },
  ],
  ["A.11", { foo: "bar" }, [{ op: "add", path: "/baz", value: "qux", xyz: 123 }], { foo: "bar", baz: "qux" }],
  ["A.12", { foo: "bar" }, [{ op: "add", path: "/baz/bat", value: "qux" }], 422],
  ["A.14", { "/": 9, "~1": 10 }, [{ op: "test", path: "/~01", value: 10 }], { "/": 9, "~1": 10 }],
  ["A.15", { "/": 9, "~1": 10 }, [{ op: "test", path: "/~01", value: "10" }], 422],
  ["A.16", { foo: ["bar"] }, [{ op: "add", path: "/foo/-", value: ["abc", "def"] }], { foo: ["bar", ["abc", "def"]] }],
];

test("applyPatch() passes the examples of RFC 6902 appendix A", () => {
  for (const [section, document, operations, expected] of RFC_CASES) {
    assert.deepEqual(patched(document, operations), expected, section);
  }
});

test("applyPatch() decides like kube-apiserver where the RFC is stricter or silent", () => {
  assert.deepEqual(patched({}, [{ op: "replace", path: "/a", value: 1 }]), { a: 1 });
  assert.deepEqual(patched({ a: [1, 2] }, [{ op: "remove", path: "/a/-1" }]), { a: [1] });
  assert.deepEqual(patched({}, [{ op: "test", path: "/a", value: null }]), {});
  assert.deepEqual(patched({ a: 1 }, [{ op: "replace", path: "", value: { b: 2 } }]), { b: 2 });
  assert.deepEqual(patched({ a: 1 }, [{ op: "add", path: "/b" }]), { a: 1, b: null });
  assert.deepEqual(patched({ a: { b: 1 } }, [{ op: "copy", from: "/a", path: "/a/c" }]), { a: { b: 1, c: { b: 1 } } });
  for (const operation of [
    { op: "remove", path: "/missing" },
    { op: "remove", path: "" },
    { op: "add", path: "b", value: 1 },
    { op: "add", path: "/list/5", value: 1 },
    { op: "add", path: "/list/x", value: 1 },
    { op: "replace", path: "/list/2", value: 1 },
    { op: "move", from: "/object", path: "/object/inside" },
    { op: "move", from: "/missing", path: "/x" },
    { op: "add", path: "/text/x", value: 1 },
    { op: "bogus", path: "/x" },
    { op: "add" },
    { path: "/x" },
  ]) {
    assert.equal(patched({ list: [1], object: {}, text: "t" }, [operation]), 422, JSON.stringify(operation));
  }
});

test("applyPatch() leaves its input alone and shares what it does not touch", () => {
  const document = { a: { b: [1, 2] }, c: { d: 1 } };
  const before = structuredClone(document);
  const result = patched(document, [{ op: "add", path: "/a/b/0", value: 0 }]);
  assert.deepEqual(document, before);
  assert.ok(isJsonObject(result) && result["c"] === document.c);
});

test("decodePatch() refuses what is no patch", () => {
  const refusals: readonly (readonly [string, string])[] = [
    ["{", "error decoding patch: unexpected end of JSON input"],
    ["{}", "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"],
    [
      '[{"op":5}]',
      "error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string",
    ],
  ];
  for (const [text, message] of refusals) {
    const decoded = decodePatch("json", new TextEncoder().encode(text), { strict: true });
    assert.ok(!decoded.ok);
    assert.deepEqual(decoded.error, { code: 400, reason: "BadRequest", message });
  }
});

test("decodePatch() reports unknown and repeated members of operations", () => {
  const text = '[{"op":"add","op":"add","path":"/a","value":1,"x":1}]';
  const decoded = decodePatch("json", new TextEncoder().encode(text), { strict: true });
  assert.deepEqual(decoded.ok && decoded.value.strictErrors, [
    'json patch duplicate field "[0].op"',
    'json patch unknown field "[0].x"',
  ]);
});

test("decodePatch() stops at the cap on operations", () => {
  const operation = { op: "test", path: "/a", value: null };
  const at = decodePatch("json", encode(Array.from({ length: JSON_PATCH_OPERATIONS_MAX }, () => operation)), {
    strict: true,
  });
  assert.ok(at.ok);
  const over = decodePatch("json", encode(Array.from({ length: JSON_PATCH_OPERATIONS_MAX + 1 }, () => operation)), {
    strict: true,
  });
  assert.ok(!over.ok);
  assert.equal(over.error.code, 413);
  assert.match(over.error.message, /allowed maximum operations in a JSON patch is 10000, got 10001$/);
});

test("applyPatch() stops copies that would grow the document beyond the cap", () => {
  const operations = Array.from({ length: 40 }, () => ({ op: "copy", from: "/a", path: "/a/-" }));
  assert.equal(patched({ a: ["x".repeat(1000)] }, operations), 422);
  assert.ok(JSON_PATCH_COPIED_BYTES_MAX < 2 ** 40 * 1000);
});

test("applyPatch() never throws on any operations", () => {
  const pointer = fc.oneof(
    fc.constantFrom("", "/", "/a", "/a/0", "/a/-", "/b/c", "x", "/a/-1", "/__proto__"),
    fc.string(),
  );
  const operation = fc.record(
    {
      op: fc.constantFrom("add", "remove", "replace", "move", "copy", "test", "x"),
      path: pointer,
      from: pointer,
      value: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 8 }), (operations) => {
      patched({ a: [1, { x: 1 }], b: { c: "d" } }, operations);
    }),
    { numRuns: 500 },
  );
});
