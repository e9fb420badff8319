// Progress counts on a terminal and is silent elsewhere until a step has ended.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Progress } from "./progress.ts";

void test("into a pipe nothing is written but the lines of steps that have ended", () => {
  const written: string[] = [];
  const progress = new Progress({ write: (text) => written.push(text) });
  progress.started("test");
  progress.said("test", "(pass) one\n");
  progress.ended("test", "ok test");
  progress.close();
  assert.deepEqual(written, ["ok test\n"]);
});

void test("on a terminal one line names the running steps and counts their tests, and is cut at its width", () => {
  const written: string[] = [];
  const progress = new Progress({ isTTY: true, columns: 41, write: (text) => written.push(text) });
  progress.started("test");
  progress.said("test", "(pass) one\n(fail) two\n(pass) three\n");
  progress.started("deno");
  progress.said("deno", "one ... ok (2ms)\n");
  progress.started("a-step-with-a-long-name");
  assert.equal(written.at(-1), "\r\u001b[K0:00  test: 2 passed  deno: 1 passed  a-");
  progress.ended("test", "ok test");
  assert.deepEqual(written.slice(-2), ["\r\u001b[Kok test\n", "\r\u001b[K0:00  deno: 1 passed  a-step-with-a-long"]);
  progress.close();
});
