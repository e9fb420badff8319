// Token files: reread at most once a minute, kept when unreadable, dropped on a 401.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ManualClock } from "@coracle/base";
import { FileTokenSource } from "./token-source.ts";

async function withTokenFile(run: (path: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "coracle-token-"));
  try {
    await writeFile(join(directory, "token"), "one\n");
    await run(join(directory, "token"));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

test("FileTokenSource rereads the file 10 s before a minute is over, not earlier", async () => {
  await withTokenFile(async (path) => {
    const clock = new ManualClock();
    const source = new FileTokenSource({ path, clock });
    assert.equal(await source.token(), "one");
    await writeFile(path, "two");
    clock.advance(49_999);
    assert.equal(await source.token(), "one");
    clock.advance(1);
    assert.equal(await source.token(), "two");
  });
});

test("FileTokenSource keeps the old token when the file is gone or empty", async () => {
  await withTokenFile(async (path) => {
    const clock = new ManualClock();
    const errors: string[] = [];
    const source = new FileTokenSource({ path, clock, onReadError: (error) => errors.push(error.message) });
    assert.equal(await source.token(), "one");
    await rm(path);
    clock.advance(60_000);
    assert.equal(await source.token(), "one");
    await writeFile(path, " \n");
    clock.advance(60_000);
    assert.equal(await source.token(), "one");
    assert.equal(errors.length, 2);
    assert.ok(errors.every((message) => !message.includes("one")));
    await writeFile(path, "two");
    clock.advance(60_000);
    assert.equal(await source.token(), "two");
  });
});

test("FileTokenSource drops a token on 401 only when it was read before the request", async () => {
  await withTokenFile(async (path) => {
    const clock = new ManualClock();
    const source = new FileTokenSource({ path, clock });
    const sentAt = clock.now();
    clock.advance(5);
    assert.equal(await source.token(), "one");
    await writeFile(path, "two");
    source.reject(sentAt);
    assert.equal(await source.token(), "one", "the token is younger than the refused request");
    source.reject(clock.now());
    assert.equal(await source.token(), "two");
  });
});

test("FileTokenSource begins with a token it is given and goes to the file after a 401", async () => {
  await withTokenFile(async (path) => {
    const clock = new ManualClock();
    const source = new FileTokenSource({ path, clock, token: "inline" });
    assert.equal(await source.token(), "inline");
    source.reject(clock.now());
    assert.equal(await source.token(), "one");
  });
});

test("FileTokenSource fails when the first read fails, and shares one read between callers", async () => {
  const clock = new ManualClock();
  const missing = new FileTokenSource({ path: "/nonexistent/token", clock });
  await assert.rejects(missing.token(), /nonexistent/);
  await withTokenFile(async (path) => {
    const source = new FileTokenSource({ path, clock });
    assert.deepEqual(await Promise.all([source.token(), source.token()]), ["one", "one"]);
  });
});
