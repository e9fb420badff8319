// Every test file is in one part, and the part follows from what the file makes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { typescriptFiles } from "./source-tree.ts";
import { divideTests, testSteps } from "./test-parts.ts";

// Spelt in pieces so that this file does not seem to make hosts itself.
const makes = ["create", "Laboratory"].join("");
const [up, network] = [
  ["running", "up.ts"],
  ["network", "system.ts"],
].map((pieces) => pieces.join("-"));
const files = [
  { path: "packages/a/src/a.test.ts", text: "" },
  { path: "packages/a/src/a.ts", text: `${makes}()` },
  { path: "packages/ab/src/b.test.ts", text: `await ${makes}({ hosts: 1 })` },
  { path: "test/up/up.test.ts", text: `import { Up } from "../up/${up}";` },
  { path: "test/network/x.test.ts", text: `import { withNetwork } from "./${network}";` },
];

void test("files that make hosts are one part, all other test files the other", () => {
  assert.deepEqual(divideTests(files), {
    apart: ["packages/a/src/a.test.ts"],
    hosts: ["packages/ab/src/b.test.ts", "test/up/up.test.ts", "test/network/x.test.ts"],
  });
});

void test("paths name files and whole folders", () => {
  assert.deepEqual(divideTests(files, ["./packages/a/"]), { apart: ["packages/a/src/a.test.ts"], hosts: [] });
  assert.deepEqual(divideTests(files, ["test/up/up.test.ts"]), { apart: [], hosts: ["test/up/up.test.ts"] });
  assert.deepEqual(divideTests(files, ["test/u"]), { apart: [], hosts: [] });
});

void test("each test file of the tree is run by one step, and a part without files has no step", () => {
  const tree = typescriptFiles();
  const { apart, hosts } = testSteps(divideTests(tree));
  const run = [...apart, ...hosts].flatMap(({ command }) => command.filter((word) => word.startsWith("./")));
  const tests = tree.filter(({ path }) => path.endsWith(".test.ts")).map(({ path }) => `./${path}`);
  assert.ok(tests.length > 100);
  assert.deepEqual(run.toSorted(), tests.toSorted());
  assert.deepEqual(testSteps({ apart: [], hosts: [] }), { apart: [], hosts: [] });
});
