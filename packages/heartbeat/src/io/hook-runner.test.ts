// The program for changes as a real process: told in order, told again, killed when it takes too long, counted in every case.
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { createLogger } from "@coracle/lifecycle";
import { eventually } from "@coracle/sim";
import type { NodeChange, NodesDocument } from "../core/node-change.ts";
import { HookRunner, type HookRunnerOptions, requireProgram } from "./hook-runner.ts";

const folder = mkdtempSync(join(tmpdir(), "coracle-hook-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const DOCUMENT: NodesDocument = { self: { nodeId: 1, ready: true, mode: "plain", notReady: null }, nodes: [] };
const SHELL = "/bin/sh";

function change(number: number): NodeChange {
  return { number, event: { kind: "ready" }, current: DOCUMENT };
}

function runner(argv: readonly string[], options: Partial<HookRunnerOptions> = {}): HookRunner {
  const limits = { timeoutMs: 10_000, waitingMax: 8, settleMs: 0, attemptsMax: 5 };
  return new HookRunner({ argv, ...limits, document: () => DOCUMENT, log: createLogger("heartbeat"), ...options });
}

/** The numbers of the changes in the lines of a file, a list for each run. */
function toldIn(file: string): number[][] {
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
  return lines.map((line) => (JSON.parse(line) as NodeChangeLine).changes.map(({ number }) => number));
}

interface NodeChangeLine {
  readonly changes: readonly { readonly number: number }[];
}

describe("the program for changes", () => {
  it("is told each change once, in order, those of a burst together", async () => {
    const file = join(folder, "seen");
    const hooks = runner([SHELL, "-c", 'cat >> "$1"', "sh", file], { settleMs: 20 });
    for (let number = 1; number <= 5; number++) hooks.push(change(number));
    await eventually(() => toldIn(file).length === 1, "the burst is told");
    hooks.push(change(6));
    await eventually(() => hooks.runs.succeeded === 2, "two runs");
    assert.deepEqual(toldIn(file), [[1, 2, 3, 4, 5], [6]]);
    await hooks.stop(0);
  });

  it("is run again when it failed", async () => {
    const file = join(folder, "again");
    const hooks = runner([SHELL, "-c", 'cat >> "$1"; [ $(wc -l < "$1") -gt 1 ]', "sh", file]);
    hooks.push(change(1));
    await eventually(() => hooks.runs.succeeded === 1, "it has taken it");
    assert.deepEqual([toldIn(file), hooks.runs.failed], [[[1], [1]], 1]);
    await hooks.stop(0);
  });

  it("is killed with all its children when it takes too long, even if they do not want to end", async () => {
    const file = join(folder, "pids");
    const stubborn = 'trap "" TERM; echo $$ > "$1"; (trap "" TERM; exec sleep 300) & echo $! >> "$1"; sleep 300';
    const hooks = runner([SHELL, "-c", stubborn, "sh", file], { timeoutMs: 3000, attemptsMax: 1 });
    hooks.push(change(1));
    await eventually(() => hooks.runs.timedOut === 1, "it is killed", 20_000);
    assert.equal(hooks.untold.givenUp, 1);
    const pids = readFileSync(file, "utf8").trim().split("\n");
    assert.equal(pids.length, 2);
    await eventually(() => pids.every(hasEnded), "all of it has ended");
    await hooks.stop(0);
  });

  it("reads the kind of the newest change in its environment, and hardly anything else", async () => {
    const file = join(folder, "environment");
    process.env["CORACLE_TEST_SECRET"] = "not for programs";
    try {
      const hooks = runner([SHELL, "-c", 'cat > "$1.in"; env > "$1"', "sh", file], { settleMs: 50 });
      hooks.push({ ...change(1), event: { kind: "not-ready" } });
      hooks.push(change(2));
      await eventually(() => hooks.runs.succeeded === 1, "it has run");
      await hooks.stop(0);
    } finally {
      delete process.env["CORACLE_TEST_SECRET"];
    }
    const lines = readFileSync(file, "utf8").trim().split("\n");
    const names = new Set(lines.map((line) => line.split("=", 1)[0] ?? ""));
    assert.ok(lines.includes("CORACLE_CHANGE=ready"), lines.join());
    assert.ok(names.has("PATH"));
    // A shell adds some of its own.
    const allowed = ["CORACLE_CHANGE", "PATH", "HOME", "LANG", "TZ", "PWD", "OLDPWD", "SHLVL", "_"];
    assert.deepEqual(
      [...names].filter((name) => !allowed.includes(name)),
      [],
    );
  });

  it("is not waited for when something that left its group holds its output open", async () => {
    const hooks = runner([SHELL, "-c", "setsid sleep 20 & exit 0"], { timeoutMs: 100, attemptsMax: 1 });
    hooks.push(change(1));
    await eventually(() => hooks.runs.timedOut === 1, "it is given up", 20_000);
    await hooks.stop(0);
  });

  it("may write as much as it likes, of which little is kept", async () => {
    const hooks = runner([SHELL, "-c", "head -c 20000000 /dev/zero >&2; head -c 20000000 /dev/zero"]);
    hooks.push(change(1));
    await eventually(() => hooks.runs.succeeded === 1, "it has written all");
    await hooks.stop(0);
  });

  it("is counted when it is not there", async () => {
    const missing = runner([join(folder, "nothing")], { attemptsMax: 1 });
    missing.push(change(1));
    await eventually(() => missing.runs.notStarted === 1, "it is counted");
    await missing.stop(0);
  });

  it("may finish at the end, if it is quick; nothing is started any more", async () => {
    const file = join(folder, "last");
    const quick = runner([SHELL, "-c", 'read line; echo begun > "$1"; sleep 0.3; echo "$line" > "$1"', "sh", file]);
    quick.push(change(1));
    await eventually(() => existsSync(file), "it runs");
    quick.push(change(2));
    await quick.stop(10_000);
    assert.deepEqual([quick.runs.succeeded, quick.waiting], [1, 1]);
    assert.deepEqual(toldIn(file), [[1]]);
    const slow = runner([SHELL, "-c", "sleep 60"]);
    slow.push(change(1));
    await eventually(() => slow.waiting === 0, "it runs");
    await slow.stop(10);
    assert.equal(slow.runs.failed, 1);
  });

  it("is refused at the start when it cannot be run", async () => {
    const file = join(folder, "plain.txt");
    writeFileSync(file, "#!/bin/sh\n");
    await assert.rejects(requireProgram("reload.sh"), /"reload.sh" is no path: write .\/reload.sh/);
    await assert.rejects(requireProgram(file), /not there, or not executable/);
    await assert.rejects(requireProgram(join(folder, "nothing")), /not there, or not executable/);
    chmodSync(file, 0o755);
    await requireProgram(file);
  });
});

/** A process that was killed and that nobody has asked about yet counts as ended. */
function hasEnded(pid: string): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return true;
  return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.startsWith("Z") === true;
}
