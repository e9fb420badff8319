// Counts, what did not run, and failures are found in the output of Bun, Deno and our own programs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { countTests, notRun, withoutPasses } from "./step-output.ts";

void test("the last counts of any runner count, coloured or not", () => {
  assert.deepEqual(countTests("\u001b[32m 12 pass\u001b[0m\n 1 fail\nRan 13 tests"), { passed: 12, failed: 1 });
  assert.deepEqual(countTests("ok | 1 passed | 0 failed (1s)\nFAILED | 9 passed (4 steps) | 2 failed (3m1s)"), {
    passed: 9,
    failed: 2,
  });
  assert.deepEqual(countTests("5 passed, 0 failed\n"), { passed: 5, failed: 0 });
  assert.equal(countTests("7 passengers"), undefined);
});

void test("whatever did not run is found, each line once", () => {
  const lines = [
    "did not run: interop: Scandium is not in the cache; `bun run peers` brings it",
    "udp: did not run: its reference is written in C. Install gcc.",
    "Cannot run churn: etcd v3 is not built; `bun run peers` brings them",
    "Scandium: not built: mvn is not on PATH; interop tests with it will not run",
    "kubectl: not installed (apt-get install kubernetes-client): this is not root; tests that drive kubectl will not run",
    "arm64: its Bun runtime could not be had from the npm registry; left out",
  ];
  const output = ["(pass) one", ...lines, ` ${lines[0]}`, "the test did not run: twice"].join("\n");
  assert.deepEqual(notRun(output), lines);
});

void test("tests that passed are left out, those that failed stay under their file", () => {
  const output = [
    "",
    "packages/a/src/a.test.ts:",
    "(pass) one [0.31ms]",
    "",
    "packages/b/src/b.test.ts:",
    "error: x",
    "(fail) two [6.33ms]",
    "",
    "packages/c/src/c.test.ts:",
    "(pass) three [1.00ms]",
    "",
    " 2 pass",
    " 1 fail",
  ];
  assert.equal(
    withoutPasses(output.join("\n")).trim(),
    "packages/b/src/b.test.ts:\nerror: x\n(fail) two [6.33ms]\n\n 2 pass\n 1 fail",
  );
  const deno = "running 2 tests from ./packages/a.test.ts\none ... ok (3ms)\ntwo ... FAILED (1s)\n";
  assert.equal(withoutPasses(deno), "two ... FAILED (1s)\n");
});
