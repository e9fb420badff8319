// The ping test's commands with real network namespaces: what they make, that they may run again, their exit codes.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";

const MAIN = join(import.meta.dirname, "../src/main.ts");
const PATH = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;

function ip(...args: string[]): { readonly status: number | null; readonly stdout: string } {
  return spawnSync("ip", args, { env: { PATH }, encoding: "utf8" });
}

/** Runs `body` with names of its own, or says that it did not and why. */
async function withNames(name: string, body: (names: { ifc: string; netns: string }) => Promise<void>): Promise<void> {
  const id = Math.random().toString(36).slice(2, 8).padEnd(6, "0");
  const [ifc, netns] = [`cora${id}`, `cora-${id}`];
  const made =
    process.getuid?.() === 0 ? ip("link", "add", ifc, "type", "veth", "peer", "name", `${ifc}p`).status : null;
  if (made !== 0) {
    process.stdout.write(`did not run: ${name}: it needs root, iproute2 and veth devices\n`);
    return;
  }
  try {
    await body({ ifc, netns });
  } finally {
    ip("link", "del", `${ifc}p`);
    ip("netns", "del", netns);
  }
}

/** Runs a command of the agent with a `ping` that answers as `pings` says, one line a try; without one if undefined. */
async function runWithPing(
  args: readonly string[],
  answers: string | undefined,
): Promise<{ status: number | null; text: string; tries: number }> {
  const folder = await mkdtemp(join(tmpdir(), "coracle-ping-"));
  try {
    const log = join(folder, "log");
    const script = `#!/bin/sh\necho "$*" >> ${log}\ntest $(wc -l < ${log}) -ge ${answers}\n`;
    if (answers === undefined) await symlink(whereIs("ip"), join(folder, "ip"));
    else await writeFile(join(folder, "ping"), script, { mode: 0o755 });
    const env = { ...process.env, PATH: answers === undefined ? folder : `${folder}:${PATH}` };
    const { status, stdout, stderr } = spawnSync(whereIs("bun"), [MAIN, ...args], { env, encoding: "utf8" });
    const lines = (await readFile(log, "utf8").catch(() => "")).split("\n").slice(0, -1);
    for (const line of lines) assert.equal(line, "-c 1 -W 15 10.9.0.2");
    return { status, text: stdout + stderr, tries: lines.length };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function whereIs(program: string): string {
  return spawnSync("sh", ["-c", `command -v ${program}`], { env: { PATH }, encoding: "utf8" }).stdout.trim();
}

test(
  "test-by-ping moves and sets up the interface, may run again, and pings until an answer",
  { timeout: 60_000 },
  async () => {
    await withNames("test-by-ping", async ({ ifc, netns }) => {
      const half = await runWithPing(["test-by-ping", ifc, netns, "10.9.0.1/24"], "1");
      assert.equal(half.status, 0, half.text);
      assert.equal(half.tries, 0);
      assert.match(half.text, /inet 10\.9\.0\.1\/24/);
      assert.match(ip("-n", netns, "route", "show").stdout, new RegExp(`default dev ${ifc}`));
      assert.match(ip("-n", netns, "link", "show", "dev", ifc).stdout, /,UP/);
      const full = await runWithPing(["test-by-ping", ifc, netns, "10.9.0.1/24", "10.9.0.2", "5", "peer-b"], "3");
      assert.equal(full.status, 0, full.text);
      assert.equal(full.tries, 3);
      assert.match(full.text, /peer-b answered ping 3 of at most 5/);
      const silent = await runWithPing(["test-by-ping", ifc, netns, "10.9.0.1/24", "10.9.0.2", "2", "peer-b"], "99");
      assert.equal(silent.status, 3);
      assert.equal(silent.tries, 2);
      assert.match(silent.text, /Cannot reach peer-b: none of 2 pings was answered/);
      // A folder of programs without ping: told at once, and not as an unreachable peer.
      const without = await runWithPing(["test-by-ping", ifc, netns, "10.9.0.1/24", "10.9.0.2"], undefined);
      assert.equal(without.status, 4);
      assert.match(without.text, /ping is not installed/);
      const removed = await runWithPing(["remove-netns", netns], "1");
      assert.equal(removed.status, 0, removed.text);
      assert.notEqual(ip("-n", netns, "link", "show", "lo").status, 0);
      assert.equal((await runWithPing(["remove-netns", netns], "1")).status, 4);
      assert.equal((await runWithPing(["test-by-ping", ifc, netns, "10.9.0.1/24"], "1")).status, 2);
    });
  },
);
