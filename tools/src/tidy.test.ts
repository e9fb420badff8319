// The tree keeps the house rules, and each rule finds what it is for.
import assert from "node:assert/strict";
import { test } from "node:test";
import { treePaths, typescriptFiles } from "./source-tree.ts";
import { findUntidy } from "./tidy.ts";

test("every file of the tree keeps the house rules", () => {
  const told = findUntidy(treePaths(), typescriptFiles()).map((found) => `${found.path}:${found.line} ${found.rule}`);
  assert.deepEqual(told, []);
});

// Spelt in halves so that this file does not break the rules it tests.
const open = ["TO", "DO"].join("");
const skipped = ["sk", "ip"].join("");
const folder = ["ro", "ot"].join("");
const planted: readonly [path: string, text: string, rule: RegExp][] = [
  ["packages/x/src/utils/y.ts", "// y", /says nothing/],
  ["packages/x/src/helpers.ts", "// y", /says nothing/],
  ["packages/x/src/camelCase.ts", "// y", /kebab/],
  ["packages/x/src/y.ts", "const y = 1;", /first line/],
  ["packages/x/src/y.ts", `// y\n${"const y = 1;\n".repeat(401)}`, /more than 400/],
  ["packages/x/src/y.ts", `// y\n// ${open}: later`, /left open/],
  ["packages/x/src/y.test.ts", `// y\ntest.${skipped}("no")`, /skipped/],
  ["packages/x/src/y.ts", `// y\nconst at = "/${folder}/secret";`, /machine/],
];

for (const [path, text, rule] of planted) {
  test(`findUntidy() finds "${rule.source}" in ${path}`, () => {
    const found = findUntidy([path], [{ path, text }]);
    assert.equal(found.length, 1, JSON.stringify(found));
    assert.match(found[0]?.rule ?? "", rule);
  });
}
