// Bodies of create and update: media types, missing and wrong apiVersion or kind, in the server's words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyMediaType, canonicalJson, decodeObject, valueAt, withValueAt } from "./mod.ts";

const subnet = { apiVersion: "network.coracle.dev/v1alpha1", kind: "Subnet", builtIn: false };
const pod = { apiVersion: "v1", kind: "Pod", builtIn: true };

function decode(text: string, expected: typeof subnet): unknown {
  const bytes = new TextEncoder().encode(text);
  const decoded = decodeObject(bytes, { mediaType: "application/json", findDuplicates: true, expected });
  return decoded.ok ? decoded.value.object : `${decoded.error.code} ${decoded.error.reason}: ${decoded.error.message}`;
}

test("bodyMediaType() reads JSON and YAML and names both otherwise", () => {
  assert.deepEqual(bodyMediaType(undefined), { ok: true, value: "application/json" });
  assert.deepEqual(bodyMediaType("application/YAML; charset=utf-8"), { ok: true, value: "application/yaml" });
  assert.deepEqual(bodyMediaType('application/json; a="b;c"; d=e;'), { ok: true, value: "application/json" });
  for (const malformed of ["application/json; ;", "application/json; charset", "application/json; =x"])
    assert.equal(bodyMediaType(malformed).ok, false, malformed);
  const refused = bodyMediaType("text/plain");
  assert.ok(!refused.ok);
  assert.equal(refused.error.code, 415);
  assert.equal(
    refused.error.message,
    "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml",
  );
});

test("decodeObject() refuses what is not JSON", () => {
  assert.equal(
    decode("not json", subnet),
    "400 BadRequest: the object provided is unrecognized (must be of type Subnet): couldn't get version/kind; json parse error: " +
      "invalid character 'o' in literal null (expecting 'u') (6e6f74206a736f6e)",
  );
  assert.equal(
    decode("", pod),
    "400 BadRequest: the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: " +
      "unexpected end of JSON input (<empty>)",
  );
  assert.match(String(decode("[1]", pod)), /cannot unmarshal array into Go value of type struct/);
  assert.match(String(decode('{"kind":5}', pod)), /cannot unmarshal number into Go struct field \.kind of type string/);
});

test("decodeObject() demands the kind, and fills it in only for built-in kinds", () => {
  assert.equal(
    decode('{"apiVersion":"network.coracle.dev/v1alpha1"}', subnet),
    "400 BadRequest: the object provided is unrecognized (must be of type Subnet): Object 'Kind' is missing in " +
      '\'{"apiVersion":"network.coracle.dev/v1alpha1"}\' ({"apiVersion":"network.coracle ...)',
  );
  assert.deepEqual(decode('{"spec":{}}', pod), { spec: {}, apiVersion: "v1", kind: "Pod" });
  assert.equal(
    decode('{"apiVersion":"v1","kind":"Subnet"}', subnet),
    "400 BadRequest: the API version in the data (v1) does not match the expected API version (network.coracle.dev/v1alpha1)",
  );
});

test("withValueAt() changes a copy and shares the rest", () => {
  const before = { a: { b: 1, c: {} }, d: [1] };
  const after = withValueAt(before, ["a", "b"], 2);
  assert.deepEqual(after, { a: { b: 2, c: {} }, d: [1] });
  assert.equal(after["d"], before.d);
  assert.equal(withValueAt(before, ["a", "b"], 1), before);
  assert.equal(withValueAt(before, ["x", "y"], undefined), before);
  assert.deepEqual(withValueAt(before, ["x", "y"], 1)["x"], { y: 1 });
  assert.deepEqual(withValueAt(before, ["a"], undefined), { d: [1] });
  assert.equal(valueAt(before, ["a", "toString"]), undefined);
});

test("canonicalJson() writes equal values equally", () => {
  assert.equal(canonicalJson({ b: [1, { d: 1, c: null }], a: "x" }), '{"a":"x","b":[1,{"c":null,"d":1}]}');
});
