// The program per change as a real process: one after the other, killed when it takes too long, counted in every case.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { createLogger } from "@coracle/lifecycle";
import { eventually } from "@coracle/sim";
import type { NodeChange } from "../core/node-change.ts";
import { HookRunner } from "./hook-runner.ts";

const folder = mkdtempSync(join(tmpdir(), "coracle-hook-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function change(number: number): NodeChange {
  const current = { self: { nodeId: 1, ready: true, mode: "plain" }, nodes: [] };
  return { number, event: { kind: "ready" }, current };
}

function runner(argv: readonly string[], options: { timeoutMs?: number; waitingMax?: number } = {}): HookRunner {
  const { timeoutMs = 10_000, waitingMax = 8 } = options;
  return new HookRunner({ argv, timeoutMs, waitingMax, log: createLogger("heartbeat") });
}

describe("the program per change", () => {
  it("runs for each change in order, and reads what happened", async () => {
    const file = join(folder, "seen");
    const hooks = runner(["/bin/sh", "-c", 'cat >> "$1"', "sh", file]);
    for (let number = 1; number <= 5; number++) hooks.push(change(number));
    await eventually(() => hooks.runs.succeeded === 5, "five runs");
    const numbers = readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { number: number }).number);
    assert.deepEqual(numbers, [1, 2, 3, 4, 5]);
  });

  it("is killed when it takes too long, and the next one runs", async () => {
    const hooks = runner(["/bin/sh", "-c", 'read line; case "$line" in *"\\"number\\":1,"*) sleep 60;; esac'], {
      timeoutMs: 300,
    });
    hooks.push(change(1));
    hooks.push(change(2));
    await eventually(() => hooks.runs.timedOut === 1 && hooks.runs.succeeded === 1, "one killed, one run", 20_000);
  });

  it("counts one that fails, one that is not there, and changes that were left out", async () => {
    const failing = runner(["/bin/sh", "-c", "exit 3"]);
    failing.push(change(1));
    const missing = runner([join(folder, "nothing")]);
    missing.push(change(1));
    await eventually(() => failing.runs.failed === 1 && missing.runs.notStarted === 1, "both counted");
    const busy = runner(["/bin/sh", "-c", "sleep 60"], { waitingMax: 2 });
    for (let number = 1; number <= 10; number++) busy.push(change(number));
    assert.deepEqual([busy.waiting, busy.missed], [2, 7]);
    busy.stop();
    await eventually(() => busy.runs.failed === 1, "it is killed at the end");
    assert.equal(busy.waiting, 1);
  });
});
