// Label selectors: the whole grammar, Kubernetes' matching and its error texts.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  formatLabelSelector,
  type LabelRequirement,
  type LabelSelector,
  labelSelectorFromObject,
  matchLabelSelector,
  parseLabelSelector,
  requiredLabelValue,
  validateDnsLabel,
  validateDnsSubdomain,
  validateLabelValue,
  validateQualifiedName,
} from "./mod.ts";

function parsed(text: string): LabelSelector {
  const result = parseLabelSelector(text);
  assert.ok(result.ok, result.ok ? "" : result.error.message);
  return result.value;
}

test("parseLabelSelector takes every operator, sorted by key", () => {
  assert.deepEqual(parsed("m<2, z=b ,c!=d,e in (g,f),h notin(i),j,!k,l > 1,y == x"), [
    { key: "c", operator: "!=", values: ["d"] },
    { key: "e", operator: "in", values: ["f", "g"] },
    { key: "h", operator: "notin", values: ["i"] },
    { key: "j", operator: "exists", values: [] },
    { key: "k", operator: "!", values: [] },
    { key: "l", operator: ">", values: ["1"] },
    { key: "m", operator: "<", values: ["2"] },
    { key: "y", operator: "==", values: ["x"] },
    { key: "z", operator: "=", values: ["b"] },
  ]);
  assert.deepEqual(parsed(""), []);
  assert.deepEqual(parsed("a="), [{ key: "a", operator: "=", values: [""] }]);
  assert.deepEqual(parsed("a=,b"), [
    { key: "a", operator: "=", values: [""] },
    { key: "b", operator: "exists", values: [] },
  ]);
  for (const text of ["a in (,b)", "a in (b,)", "a in (,b,,)"])
    assert.deepEqual(parsed(text), [{ key: "a", operator: "in", values: ["", "b"] }], text);
  assert.deepEqual(parsed("a in ()"), [{ key: "a", operator: "in", values: [""] }]);
  assert.deepEqual(parsed("in in (in,notin)"), [{ key: "in", operator: "in", values: ["in", "notin"] }]);
});

test("parseLabelSelector refuses with the API server's words", () => {
  const cases: [string, string][] = [
    ["a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ["a=b,", "found '', expected: identifier after ','"],
    ["a=b c", "found 'c', expected: ',' or 'end of string'"],
    ["!a=b", "found '=', expected: ',' or 'end of string'"],
    ["=a", "found '=', expected: !, identifier, or 'end of string'"],
    ["!", "unable to parse requirement: found '', expected: identifier"],
    ["a==(", "unable to parse requirement: found '(', expected: identifier"],
    ["a in b", "unable to parse requirement: found 'b' expected: '('"],
    ["a in (b", "unable to parse requirement: found '', expected: ',' or ')'"],
    ["a in (b c)", "unable to parse requirement: found 'c', expected: ',' or ')'"],
    ["a in (b,=", "unable to parse requirement: found '=', expected: ',', or identifier"],
    ["a in (=", "unable to parse requirement: found '=', expected: ',', ')' or identifier"],
    [
      "a>b",
      "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value must be an integer",
    ],
  ];
  for (const [text, message] of cases)
    assert.deepEqual(parseLabelSelector(text), { ok: false, error: { code: "INVALID_SELECTOR", message } });
  const key = parseLabelSelector("a/b/c");
  assert.ok(!key.ok && key.error.message.startsWith('unable to parse requirement: <nil>: Invalid value: "a/b/c": '));
  const value = parseLabelSelector("a=b~");
  assert.ok(
    !value.ok &&
      value.error.message.startsWith('unable to parse requirement: values[0][a]: Invalid value: "b~": a valid label'),
  );
});

test("parseLabelSelector refuses a selector over its limit and never throws", () => {
  assert.equal(parseLabelSelector("a".repeat(65_537)).ok, false);
  const pieces = fc.constantFrom(
    "a",
    "b1",
    "in",
    "notin",
    "=",
    "==",
    "!=",
    "!",
    "(",
    ")",
    ",",
    ">",
    "<",
    " ",
    "/",
    "~",
    "é",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
      const result = parseLabelSelector(parts.join(""));
      if (result.ok) assert.deepEqual(parsed(formatLabelSelector(result.value)), result.value);
    }),
    { numRuns: 2000 },
  );
});

test("matchLabelSelector follows Kubernetes for absent keys and numbers", () => {
  const labels = { a: "b", n: "10", e: "" };
  const cases: [string, boolean][] = [
    ["", true],
    ["a=b", true],
    ["a=c", false],
    ["x=b", false],
    ["x!=b", true],
    ["a!=b", false],
    ["a in (b,c)", true],
    ["x in (b)", false],
    ["x notin (b)", true],
    ["a notin (b)", false],
    ["a", true],
    ["x", false],
    ["!x", true],
    ["!a", false],
    ["e=", true],
    ["x=", false],
    ["n>9", true],
    ["n>10", false],
    ["n<11", true],
    ["a>1", false],
    ["x<5", false],
    ["a=b,n>9,!x", true],
    ["a=b,x", false],
    ["toString", false],
  ];
  for (const [text, expected] of cases) assert.equal(matchLabelSelector(parsed(text), labels), expected, text);
  assert.equal(matchLabelSelector(parsed("!a"), undefined), true);
  assert.equal(matchLabelSelector(parsed("n>9223372036854775806"), { n: "9223372036854775807" }), true);
});

test("matchLabelSelector agrees with its own operators' opposites", () => {
  const key = fc.constantFrom("a", "b");
  const value = fc.constantFrom("", "x", "y");
  fc.assert(
    fc.property(key, fc.uniqueArray(value, { minLength: 1 }), fc.dictionary(key, value), (key, values, labels) => {
      const match = (operator: LabelRequirement["operator"]): boolean =>
        matchLabelSelector([{ key, operator, values }], labels);
      assert.equal(match("in"), !match("notin"));
      assert.equal(
        matchLabelSelector([{ key, operator: "exists", values: [] }], labels),
        !matchLabelSelector([{ key, operator: "!", values: [] }], labels),
      );
    }),
  );
});

test("labelSelectorFromObject gives the same as text, and refuses what the API server refuses", () => {
  const object = {
    matchLabels: { app: "web" },
    matchExpressions: [
      { key: "tier", operator: "In", values: ["a", "b"] },
      { key: "zone", operator: "NotIn", values: ["z"] },
      { key: "x", operator: "Exists" },
      { key: "y", operator: "DoesNotExist", values: [] },
    ],
  };
  const built = labelSelectorFromObject(object);
  assert.deepEqual(built, { ok: true, value: parsed("app=web,tier in (a,b),x,!y,zone notin (z)") });
  const bad = [
    { key: "a", operator: "Gt", values: ["1"] },
    { key: "a", operator: "In", values: [] },
    { key: "a", operator: "Exists", values: ["b"] },
    { key: "-a", operator: "Exists" },
  ];
  for (const expression of bad) assert.equal(labelSelectorFromObject({ matchExpressions: [expression] }).ok, false);
});

test("requiredLabelValue finds the value a selector fixes", () => {
  assert.equal(requiredLabelValue(parsed("a=b,c"), "a"), "b");
  assert.equal(requiredLabelValue(parsed("a in (b)"), "a"), "b");
  for (const text of ["a in (b,c)", "a!=b", "a", "b=a"]) assert.equal(requiredLabelValue(parsed(text), "a"), undefined);
});

test("label syntax keeps Kubernetes' limits", () => {
  assert.deepEqual(validateQualifiedName("example.com/MyName"), []);
  assert.deepEqual(validateQualifiedName(`${"a".repeat(253)}/${"b".repeat(63)}`), []);
  assert.equal(validateQualifiedName(`${"a".repeat(254)}/b`)[0], "prefix part must be no more than 253 characters");
  assert.equal(validateQualifiedName("b".repeat(64))[0], "name part must be no more than 63 characters");
  assert.equal(validateQualifiedName("/b")[0], "prefix part must be non-empty");
  assert.equal(validateQualifiedName("a/")[0], "name part must be non-empty");
  for (const name of ["-a", "a-", "A.b/c", "a b", "é", ""])
    assert.notEqual(validateQualifiedName(name).length, 0, name);
  assert.deepEqual(validateLabelValue(""), []);
  assert.deepEqual(validateLabelValue("a".repeat(63)), []);
  assert.equal(validateLabelValue("a".repeat(64))[0], "must be no more than 63 characters");
  for (const value of ["_a", "a.", "a/b", "a\n"]) assert.notEqual(validateLabelValue(value).length, 0, value);
  assert.deepEqual(validateDnsSubdomain("a.b-c.d0"), []);
  for (const name of ["A", "a..b", ".a", "a-", "a_b", ""]) assert.notEqual(validateDnsSubdomain(name).length, 0, name);
  assert.deepEqual(validateDnsLabel("a-b"), []);
  for (const name of ["a.b", "a".repeat(64), "-a"]) assert.notEqual(validateDnsLabel(name).length, 0, name);
});
