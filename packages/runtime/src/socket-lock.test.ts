// One holder at a time, and none after a crash.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { SocketLockError, takeSocketLock } from "./socket-lock.ts";

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "coracle-lock-"));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test("a lock is taken once, tells its holder, and can be taken again after its release", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "lock");
    const first = await takeSocketLock(path);
    assert.ok(first.kind === "taken");
    assert.deepEqual(await takeSocketLock(path), { kind: "held", holder: `pid ${process.pid}` });
    await first.lock.release();
    const second = await takeSocketLock(path);
    assert.ok(second.kind === "taken");
    await second.lock.release();
  });
});

test("a killed process leaves no lock behind", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "lock");
    const script = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => console.log("up"))`;
    const holder = spawn("node", ["-e", script], { stdio: ["ignore", "pipe", "ignore"] });
    try {
      await once(holder.stdout, "data");
    } finally {
      holder.kill("SIGKILL");
      await once(holder, "exit");
    }
    const taken = await takeSocketLock(path);
    assert.ok(taken.kind === "taken");
    await taken.lock.release();
  });
});

test("a path that cannot be listened on is an error with its code", async () => {
  await withFolder(async (folder) => {
    await assert.rejects(takeSocketLock(join(folder, "none", "lock")), (error) => error instanceof SocketLockError);
  });
});
