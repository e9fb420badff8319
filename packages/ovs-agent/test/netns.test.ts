// The ping test's commands with real network namespaces: what they make, that they may run again, their exit codes.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";

const MAIN = join(import.meta.dirname, "../src/main.ts");
const PATH = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;

function ip(...args: string[]): { readonly status: number | null; readonly stdout: string } {
  return spawnSync("ip", args, { env: { PATH }, encoding: "utf8" });
}

interface Names {
  /** One end of a cable; the other is the peer's. */
  readonly ifc: string;
  readonly netns: string;
}

/** Runs `body` with names of its own and a peer at 10.9.0.2, or says that it did not and why. */
async function withNames(name: string, body: (names: Names) => Promise<void>): Promise<void> {
  const id = Math.random().toString(36).slice(2, 8).padEnd(6, "0");
  const [ifc, netns, peer] = [`cora${id}`, `cora-${id}`, `cora-${id}-peer`];
  const cable = ["type", "veth", "peer", "name", `${ifc}p`];
  const made = process.getuid?.() === 0 ? ip("link", "add", ifc, ...cable).status : null;
  if (made !== 0) {
    process.stdout.write(`did not run: ${name}: it needs root, iproute2 and veth devices\n`);
    return;
  }
  try {
    assert.equal(ip("netns", "add", peer).status, 0);
    ip("link", "set", `${ifc}p`, "netns", peer);
    ip("-n", peer, "addr", "add", "10.9.0.2/24", "dev", `${ifc}p`);
    ip("-n", peer, "link", "set", `${ifc}p`, "up");
    await body({ ifc, netns });
  } finally {
    ip("link", "del", ifc);
    ip("netns", "del", peer);
    ip("netns", "del", netns);
  }
}

function run(args: readonly string[], path = PATH): { readonly status: number | null; readonly text: string } {
  const env = { ...process.env, PATH: path };
  const { status, stdout, stderr } = spawnSync(whereIs("bun"), [MAIN, ...args], { env, encoding: "utf8" });
  return { status, text: stdout + stderr };
}

function whereIs(program: string): string {
  return spawnSync("sh", ["-c", `command -v ${program}`], { env: { PATH }, encoding: "utf8" }).stdout.trim();
}

test("test-by-ping moves and sets up the interface, may run again, and pings until an answer", async () => {
  await withNames("test-by-ping", async ({ ifc, netns }) => {
    const half = run(["test-by-ping", ifc, netns, "10.9.0.1/24"]);
    assert.equal(half.status, 0, half.text);
    assert.match(half.text, /inet 10\.9\.0\.1\/24/);
    assert.match(ip("-n", netns, "route", "show").stdout, new RegExp(`default dev ${ifc}`));
    assert.match(ip("-n", netns, "link", "show", "dev", ifc).stdout, /,UP/);
    const full = run(["test-by-ping", ifc, netns, "10.9.0.1/24", "10.9.0.2", "5", "peer-b"]);
    assert.equal(full.status, 0, full.text);
    assert.match(full.text, /peer-b answered ping 1 of at most 5/);
    const silent = run(["test-by-ping", ifc, netns, "10.9.0.1/24", "10.9.0.3", "1", "peer-c"]);
    assert.equal(silent.status, 3, silent.text);
    assert.match(silent.text, /Cannot reach peer-c: none of 1 pings was answered/);
    // Without iproute2: told at once, and not as an unreachable peer.
    const without = run(["test-by-ping", ifc, netns, "10.9.0.1/24", "10.9.0.2"], "/nowhere");
    assert.equal(without.status, 4, without.text);
    const removed = run(["remove-netns", netns]);
    assert.equal(removed.status, 0, removed.text);
    assert.notEqual(ip("-n", netns, "link", "show", "lo").status, 0);
    assert.equal(run(["remove-netns", netns]).status, 4);
    assert.equal(run(["test-by-ping", ifc, netns, "10.9.0.1/24"]).status, 2);
    assert.equal(run(["test-by-ping", ifc, netns, "10.9.0.1/24", "fe80::1"]).status, 1);
  });
});
