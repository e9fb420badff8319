// A daemon's life with a shell in its place: started until its socket is there, ended, told of when it ends by itself; the cap of guests.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { eventually } from "@coracle/sim";
import { Daemon } from "./daemon.ts";
import { Laboratory } from "./laboratory.ts";

async function withSocket(body: (socket: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "coracle-daemon-"));
  try {
    await body(join(folder, "socket"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test("start() waits for the socket, end() for the end, and neither is told of as unasked", async () => {
  await withSocket(async (socket) => {
    let unasked = 0;
    const daemon = new Daemon("sleeper", async () => void unasked++, { restartDelayMs: 0 });
    await daemon.start(["sh", "-c", `: > ${socket}; exec sleep 60`], {}, socket);
    const { pid } = daemon;
    assert.ok(pid);
    await daemon.start(["false"], {}, socket);
    assert.equal(daemon.pid, pid, "one that runs is not started again");
    await daemon.end("SIGTERM");
    assert.equal(daemon.pid, undefined);
    assert.equal(unasked, 0);
  });
});

test("a daemon that ends by itself is told of and started again, as often as allowed", async () => {
  await withSocket(async (socket) => {
    const argv = ["sh", "-c", `: > ${socket}; sleep 0.05`];
    let unasked = 0;
    const restart = async (): Promise<void> => {
      unasked++;
      await daemon.start(argv, {}, socket);
    };
    const daemon: Daemon = new Daemon("short-lived", restart, { restartsMax: 3, restartDelayMs: 0 });
    await daemon.start(argv, {}, socket);
    await eventually(() => unasked === 3 && daemon.pid === undefined, "the last end");
    await daemon.start(argv, {}, socket);
    await eventually(() => daemon.pid === undefined, "one more end");
    assert.equal(unasked, 3);
  });
});

test("a daemon that ends before its socket is there is an error that names it", async () => {
  await withSocket(async (socket) => {
    const daemon = new Daemon("broken", () => Promise.resolve());
    const message = /^Cannot start broken: it ended; its log is beside /;
    await assert.rejects(daemon.start(["false"], {}, socket), { code: "COMMAND", message });
  });
});

test("a laboratory takes no more guests than its cap", async () => {
  const guest = { host: "a", name: "g", device: "d", address: "10.0.0.2/24" };
  await assert.rejects(new Laboratory("cora0", [], 0).addGuest(guest), /Cannot add a guest: there are 0/);
});
