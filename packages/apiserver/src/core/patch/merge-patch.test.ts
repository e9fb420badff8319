// RFC 7386 appendix A, preconditions inside a patch, media types, and laws of the merge.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isJsonObject } from "@coracle/api";
import * as fc from "fast-check";
import { applyMergePatch, applyPatch, decodeApplyBody, decodePatch, patchPreconditions, patchTypeOf } from "./mod.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

// Cases of the RFC whose document and patch are objects; an API object is never anything else.
const RFC_CASES: readonly (readonly [string, string, string])[] = [
  ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
  ['{"a":"b"}', '{"a":null}', "{}"],
  ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
  ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
  ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
  ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
  ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
  ["{}", '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
];

test("applyMergePatch() passes the examples of RFC 7386 appendix A", () => {
  for (const [target, patch, expected] of RFC_CASES) {
    const decoded = decodePatch("merge", encode(patch), { strict: true });
    const document: unknown = JSON.parse(target);
    assert.ok(decoded.ok && isJsonObject(document));
    const result = applyPatch(document, decoded.value, {});
    assert.ok(result.ok);
    assert.equal(JSON.stringify(result.value), expected, `${target} + ${patch}`);
  }
});

// No nulls inside lists: there the server drops them or not, depending on what was there before.
const scalar = fc.oneof(fc.integer(), fc.boolean(), fc.string());
const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.constant(null),
    fc.array(scalar),
    fc.dictionary(fc.string(), tie("value")),
  ),
})).value;
const objects = fc.dictionary(fc.constantFrom("a", "b", "c", "__proto__"), value, { maxKeys: 4 });

test("applyMergePatch() is idempotent and leaves its input alone", () => {
  fc.assert(
    fc.property(objects, objects, (target, patch) => {
      const before = JSON.stringify(target);
      const once = applyMergePatch(target, patch);
      assert.deepEqual(applyMergePatch(once, patch), once);
      assert.equal(JSON.stringify(target), before);
    }),
  );
});

test("decodePatch() refuses merge patches that are no objects and reports repeated fields", () => {
  for (const [text, message] of [
    ["[1]", "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"],
    ["null", "Invalid JSON Patch"],
    ["{", "error decoding patch: unexpected end of JSON input"],
  ] as const) {
    const decoded = decodePatch("merge", encode(text), { strict: true });
    assert.deepEqual(decoded, { ok: false, error: { code: 400, reason: "BadRequest", message } });
  }
  const decoded = decodePatch("merge", encode('{"spec":{"a":1,"a":2}}'), { strict: true });
  assert.deepEqual(decoded.ok && decoded.value.strictErrors, ['duplicate field "spec.a"']);
});

test("patchPreconditions() reads what the patch pins", () => {
  const patch = decodePatch("merge", encode('{"metadata":{"resourceVersion":"7","uid":"u"}}'), { strict: false });
  assert.ok(patch.ok);
  assert.deepEqual(patchPreconditions(patch.value), { resourceVersion: "7", uid: "u" });
  const none = decodePatch("merge", encode('{"metadata":{"resourceVersion":""}}'), { strict: false });
  assert.deepEqual(none.ok && patchPreconditions(none.value), {});
});

test("patchTypeOf() answers 415 to a strategic merge patch where it is not served", () => {
  assert.deepEqual(patchTypeOf("application/apply-patch+yaml", { strategic: false }), { ok: true, value: "apply" });
  assert.deepEqual(patchTypeOf("application/json-patch+json; charset=utf-8", { strategic: false }), {
    ok: true,
    value: "json",
  });
  assert.deepEqual(patchTypeOf("application/strategic-merge-patch+json", { strategic: true }), {
    ok: true,
    value: "strategic",
  });
  const refused = patchTypeOf("application/strategic-merge-patch+json", { strategic: false });
  assert.ok(!refused.ok);
  assert.equal(refused.error.code, 415);
  assert.equal(
    refused.error.message,
    "the body of the request was in an unknown format - accepted media types include: " +
      "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
  );
});

test("decodeApplyBody() reads YAML and JSON and reports repeated keys", () => {
  const yaml = decodeApplyBody(encode("kind: Subnet\nspec:\n  vni: 1\n  vni: 2\n"), { strict: true });
  assert.ok(yaml.ok);
  assert.deepEqual(yaml.value.object, { kind: "Subnet", spec: { vni: 2 } });
  assert.deepEqual(yaml.value.strictErrors, [
    'error converting YAML to JSON: yaml: unmarshal errors:\n  line 4: key "vni" already set in map',
  ]);
  const json = decodeApplyBody(encode('{"kind":"Subnet"}'), { strict: true });
  assert.deepEqual(json.ok && json.value.object, { kind: "Subnet" });
  for (const text of ["[1]", "a: [", "text"])
    assert.equal(decodeApplyBody(encode(text), { strict: true }).ok, false, text);
});
