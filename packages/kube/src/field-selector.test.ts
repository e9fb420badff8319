// Field selectors: terms, escapes, error texts and matching.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  type FieldSelector,
  formatFieldSelector,
  matchFieldSelector,
  parseFieldSelector,
  requiredFieldValue,
} from "./mod.ts";

function parsed(text: string): FieldSelector {
  const result = parseFieldSelector(text);
  assert.ok(result.ok, text);
  return result.value;
}

test("parseFieldSelector takes =, == and !=, empty terms and escapes", () => {
  assert.deepEqual(parsed("b!=c,a==x,,d="), [
    { field: "a", operator: "=", value: "x" },
    { field: "b", operator: "!=", value: "c" },
    { field: "d", operator: "=", value: "" },
  ]);
  assert.deepEqual(parsed("a=x\\,y\\=z\\\\"), [{ field: "a", operator: "=", value: "x,y=z\\" }]);
  assert.deepEqual(parsed(""), []);
});

test("parseFieldSelector refuses with the API server's words", () => {
  const cases: [string, string][] = [
    ["a", "invalid selector: 'a'; can't understand 'a'"],
    ["a=b,c", "invalid selector: 'a=b,c'; can't understand 'c'"],
    ["a=b=c", "invalid field selector: unescaped character in value: 61"],
    ["a=b\\x", "invalid field selector: invalid escape sequence: \\x"],
    ["a=b\\", "invalid field selector: invalid escape sequence: \\"],
  ];
  for (const [text, message] of cases)
    assert.deepEqual(parseFieldSelector(text), { ok: false, error: { code: "INVALID_SELECTOR", message } });
  assert.equal(parseFieldSelector(`a=${"b".repeat(65_536)}`).ok, false);
});

test("formatFieldSelector is undone by parsing, whatever the values", () => {
  const requirement = fc.record({
    field: fc.constantFrom("metadata.name", "spec.nodeName", "status.phase"),
    operator: fc.constantFrom<"=" | "!=">("=", "!="),
    value: fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom("\\", ",", "=", "!", "a")).map((parts) => parts.join("")),
    ),
  });
  fc.assert(
    fc.property(fc.array(requirement, { maxLength: 3 }), (requirements) => {
      const text = formatFieldSelector(requirements);
      const result = parsed(text);
      assert.deepEqual(parsed(formatFieldSelector(result)), result);
      const order = (selector: FieldSelector): string[] =>
        selector.map((term) => JSON.stringify([term.field, term.operator, term.value])).sort();
      assert.deepEqual(order(result), order(requirements));
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => void parseFieldSelector(text)));
});

test("matchFieldSelector reads absent fields as empty", () => {
  const read = (field: string): string => ({ "metadata.name": "a" })[field] ?? "";
  for (const [text, expected] of [
    ["metadata.name=a", true],
    ["metadata.name!=a", false],
    ["spec.nodeName=", true],
    ["spec.nodeName!=n", true],
    ["metadata.name=a,spec.nodeName=n", false],
  ] as const)
    assert.equal(matchFieldSelector(parsed(text), read), expected, text);
  assert.equal(requiredFieldValue(parsed("metadata.name=a"), "metadata.name"), "a");
  assert.equal(requiredFieldValue(parsed("metadata.name!=a"), "metadata.name"), undefined);
});
