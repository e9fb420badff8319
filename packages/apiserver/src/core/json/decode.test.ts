// Strict decoding: syntax errors in Go's words, duplicate members, depth and number caps, YAML, and fuzz that nothing throws.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { decodeJson, decodeYaml, findDuplicateFields, JSON_DEPTH_MAX, jsonSyntaxError, YAML_NODES_MAX } from "./mod.ts";

const duplicates = { findDuplicates: true };

test("jsonSyntaxError() words errors as Go's decoder does", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["", "unexpected end of JSON input"],
    ["{", "unexpected end of JSON input"],
    ['{"a"', "unexpected end of JSON input"],
    ['{"a":1', "unexpected end of JSON input"],
    ["x", "invalid character 'x' looking for beginning of value"],
    ["{x", "invalid character 'x' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"}', "invalid character '\"' after object key:value pair"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ["[1 2]", "invalid character '2' after array element"],
    ["[1,]", "invalid character ']' looking for beginning of value"],
    ["{} x", "invalid character 'x' after top-level value"],
    ['"\n"', "invalid character '\\n' in string literal"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
    ["-x", "invalid character 'x' in numeric literal"],
    ["1.x", "invalid character 'x' after decimal point in numeric literal"],
    ["1ex", "invalid character 'x' in exponent of numeric literal"],
    ["trux", "invalid character 'x' in literal true (expecting 'e')"],
    ["é", "invalid character 'Ã' looking for beginning of value"],
    ["'a'", "invalid character '\\'' looking for beginning of value"],
    ["01", "invalid character '1' after top-level value"],
  ];
  for (const [text, message] of cases) assert.equal(jsonSyntaxError(text)?.message, message, text);
});

test("jsonSyntaxError() agrees with JSON.parse on what is JSON", () => {
  const pieces = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"a"',
    '"\\n"',
    "1",
    "-0.5e3",
    "true",
    "null",
    " ",
    "x",
    '"',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json(),
        fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join("")),
      ),
      (text) => {
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        assert.equal(jsonSyntaxError(text) === undefined, valid, text);
      },
    ),
    { numRuns: 2000 },
  );
});

test("decodeJson() reports members written twice with their paths", () => {
  const text = '{"spec":{"vni":1,"vni":2,"list":[{"a":1},{"a":1,"a":2}]},"kind":"A","kind":"B","s":"x\\"\\\\"}';
  const decoded = decodeJson(text, duplicates);
  assert.ok(decoded.ok);
  assert.deepEqual(decoded.value.strictErrors, [
    'duplicate field "spec.vni"',
    'duplicate field "spec.list[1].a"',
    'duplicate field "kind"',
  ]);
  const unasked = decodeJson(text, { findDuplicates: false });
  assert.deepEqual(unasked.ok && unasked.value.strictErrors, []);
});

test("decodeJson() finds no duplicates in what JSON.stringify wrote", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const text = JSON.stringify(value);
      const decoded = decodeJson(text, duplicates);
      assert.ok(!decoded.ok || decoded.value.strictErrors.length === 0);
      assert.deepEqual(findDuplicateFields(text), []);
    }),
  );
});

test("decodeJson() keeps a member named __proto__ as data", () => {
  const decoded = decodeJson('{"__proto__":{"x":1},"__proto__":2}', duplicates);
  assert.deepEqual(decoded.ok && decoded.value.strictErrors, ['duplicate field "__proto__"']);
});

test("decodeJson() refuses nesting over the cap and takes nesting at the cap", () => {
  const at = "[".repeat(JSON_DEPTH_MAX) + "]".repeat(JSON_DEPTH_MAX);
  assert.ok(decodeJson(at, duplicates).ok);
  assert.deepEqual(decodeJson(`[${at}]`, duplicates), { ok: false, error: "exceeded max depth" });
  const deep = "[".repeat(200_000) + "]".repeat(200_000);
  assert.deepEqual(decodeJson(deep, duplicates), { ok: false, error: "exceeded max depth" });
});

test("decodeJson() refuses numbers that a double would change", () => {
  for (const text of ["9007199254740993", '{"a":-9223372036854775808}', "[1e400]", "[12345678901234567890]"]) {
    const decoded = decodeJson(text, duplicates);
    assert.ok(!decoded.ok && decoded.error.startsWith("json: cannot unmarshal number "), text);
  }
  for (const text of [
    "9007199254740991",
    "0.1234567890123456789",
    "1e30",
    '"9007199254740993"',
    '{"a1234567890123456789":1}',
  ]) {
    assert.ok(decodeJson(text, duplicates).ok, text);
  }
});

test("decodeYaml() reads what Kubernetes reads as JSON", () => {
  const yaml =
    "a: yes\nb: 0x10\nc: 2026-01-02\nd: ~\ne: [1, '2', 1.5]\n7: seven\nbase: &b {x: 1}\nuse: {<<: *b, z: 2}\ntime: 12:30\ntext: |\n  l1\n  l2\n";
  const decoded = decodeYaml(yaml, duplicates);
  assert.ok(decoded.ok);
  assert.deepEqual(decoded.value.value, {
    a: true,
    b: 16,
    c: "2026-01-02",
    d: null,
    e: [1, "2", 1.5],
    "7": "seven",
    base: { x: 1 },
    use: { x: 1, z: 2 },
    time: "12:30",
    text: "l1\nl2\n",
  });
});

test("decodeYaml() reports duplicates and reads the first document only", () => {
  const decoded = decodeYaml("spec:\n  vni: 1\n  vni: 2\n---\nother: 1\n", duplicates);
  assert.ok(decoded.ok);
  assert.deepEqual(decoded.value, {
    value: { spec: { vni: 2 } },
    strictErrors: ['yaml: unmarshal errors:\n  line 3: key "vni" already set in map'],
  });
});

test("decodeYaml() stops an alias bomb", () => {
  const lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"];
  for (let level = 1; level < 9; level += 1) {
    lines.push(`a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(",")}]`);
  }
  const decoded = decodeYaml(lines.join("\n"), duplicates);
  assert.deepEqual(decoded, { ok: false, error: "yaml: document contains excessive aliasing" });
  assert.ok(YAML_NODES_MAX < 10 ** 8);
});

test("decodeYaml() refuses a self-containing alias, bad syntax and complex keys", () => {
  for (const text of ["a: &a [*a]", "a: [1", "a: b: c", "? [1, 2]\n: x", "a: *nowhere", "a: .inf"]) {
    assert.equal(decodeYaml(text, duplicates).ok, false, text);
  }
});

test("decodeJson() and decodeYaml() never throw", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.json()), (text) => {
      decodeJson(text, duplicates);
      decodeYaml(text, duplicates);
    }),
    { numRuns: 500 },
  );
});
