// Lanes of the gate run side by side, the steps of a lane one after another, and a step tells what became of it.
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Progress } from "./progress.ts";
import { workspaceRoot } from "./source-tree.ts";
import { runLanes, runStep } from "./steps.ts";

void test("a step starts when the one before it in its lane has ended; lanes do not wait for each other", async () => {
  const told: string[] = [];
  const ends = new Map<string, () => void>();
  const running = runLanes([["a", "b"], ["c"], []], async (name) => {
    told.push(name);
    await new Promise<void>((resolve) => ends.set(name, resolve));
    return name.toUpperCase();
  });
  assert.deepEqual(told, ["a", "c"]);
  ends.get("a")?.();
  while (!ends.has("b")) await Promise.resolve();
  assert.deepEqual(told, ["a", "c", "b"]);
  ends.get("b")?.();
  ends.get("c")?.();
  assert.deepEqual(await running, ["A", "B", "C"]);
});

/** Runs a shell command as a step; answers the result and what was told of it. */
async function runShell(script: string): Promise<{ readonly told: string; readonly result: object }> {
  const name = `step-of-a-test-${process.pid}`;
  const log = join(workspaceRoot, "node_modules/.cache/ok", `${name}.log`);
  let told = "";
  try {
    const progress = new Progress({ write: (text) => (told += text) });
    const { name: _, ...result } = await runStep({ name, command: ["sh", "-c", script] }, progress);
    assert.ok(existsSync(log));
    assert.ok(readFileSync(log, "utf8").includes(script.includes("echo") ? "(pass)" : ""), "the whole output is kept");
    return { told: told.replaceAll(name, "NAME").replaceAll(/\d+\.\d s/g, "N s"), result };
  } finally {
    rmSync(log, { force: true });
  }
}

void test("a step that passed is one line, and what did not run", async () => {
  const { told, result } = await runShell("echo '(pass) one [1ms]'; echo 'did not run: two: no root'; echo ' 7 pass'");
  assert.deepEqual(result, { ok: true, passed: 7, failed: 0 });
  assert.match(told, /^ok {5}NAME +N s {3}7 passed\n {7}did not run: two: no root\n$/);
});

void test("a step that failed tells why without the tests that passed; its failures are at least one", async () => {
  const { told, result } = await runShell("echo '(pass) one [1ms]'; echo '(fail) two [1ms]'; echo ' 1 pass'; exit 3");
  assert.deepEqual(result, { ok: false, passed: 1, failed: 1 });
  assert.match(
    told,
    /^FAILED NAME +N s {3}1 passed, 1 failed\n\(fail\) two \[1ms\]\n 1 pass\nNAME ended with 3; its whole output: /,
  );
  assert.ok(!told.includes("(pass) one"));
});

void test("a step that cannot start has failed", async () => {
  let told = "";
  const name = `step-of-a-test-${process.pid}-absent`;
  const progress = new Progress({ write: (text) => (told += text) });
  const result = await runStep({ name, command: ["no-such-program-anywhere"] }, progress);
  rmSync(join(workspaceRoot, "node_modules/.cache/ok", `${name}.log`), { force: true });
  assert.deepEqual(result, { name, ok: false, passed: 0, failed: 1 });
  assert.match(told, /Cannot start no-such-program-anywhere/);
});
