// What a killed process and a full disk leave behind: everything that was acknowledged, and nothing half.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtemp, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { type ChangeEvent, type Revision, revision, StoreError } from "../mod.ts";
import { openSqliteStore } from "./mod.ts";

const WRITER = fileURLToPath(new URL("./testing/crash-writer.ts", import.meta.url));
const isDeno = "deno" in process.versions;

/** Runs the writer until it has acknowledged `count` writes, kills it, and gives back what it had acknowledged. */
async function killAfter(path: string, round: string, count: number): Promise<Map<string, number>> {
  const child = spawn(process.execPath, [...(isDeno ? ["run", "-A"] : []), WRITER, path, round], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const acknowledged = new Map<string, number>();
  let rest = "";
  let lines = 0;
  let complaint = "";
  child.stderr.on("data", (chunk: Uint8Array) => (complaint += new TextDecoder().decode(chunk)));
  child.stdout.on("data", (chunk: Uint8Array) => {
    const parts = (rest + new TextDecoder().decode(chunk)).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) {
      const [key = "", at = ""] = line.split(" ");
      acknowledged.set(key, Number(at));
      lines++;
    }
    if (lines >= count) child.kill("SIGKILL");
  });
  try {
    const signal = await new Promise((resolve) => child.on("close", (_, name) => resolve(name)));
    assert.equal(signal, "SIGKILL", `the writer ended by itself: ${complaint}`);
  } finally {
    child.kill("SIGKILL");
  }
  return acknowledged;
}

test("sqlite store: kill -9 in the middle of writes loses nothing acknowledged and never moves the revision back", async () => {
  const folder = await mkdtemp(join(tmpdir(), "coracle-crash-"));
  const path = join(folder, "store.db");
  const all = new Map<string, number>();
  let last = 0;
  try {
    for (const round of ["a", "b", "c"]) {
      for (const [key, at] of await killAfter(path, round, 300)) all.set(key, at);
      const store = await openSqliteStore({ path });
      try {
        const current = await store.currentRevision();
        const newest = Math.max(...all.values());
        assert.ok(current >= newest && current > last, `revision ${current} after ${newest} and ${last}`);
        last = current;
        const stored = new Map(
          (await store.range({ prefix: "/" })).kvs.map((kv) => [kv.key, kv.modRevision as number]),
        );
        for (const [key, at] of all) assert.ok((stored.get(key) ?? 0) >= at, `${key} was acknowledged at ${at}`);
        const changes: ChangeEvent[] = [];
        store.subscribe(
          { prefix: "/", afterRevision: revision(1) },
          { onChanges: (some) => void changes.push(...some), onEnd: () => undefined },
        );
        assert.deepEqual(
          changes.map((change) => change.revision),
          Array.from({ length: current - 1 }, (_, index) => (index + 2) as Revision),
          "the log has every revision once",
        );
      } finally {
        await store.close();
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** A file system of one mebibyte, where this user may mount one. */
function mountSmall(folder: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "coracle-test", folder], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

test("sqlite store: on a full disk the failing put errors, nothing stored is lost, and space brings it back", async () => {
  const folder = await mkdtemp(join(tmpdir(), "coracle-full-"));
  const mounted = mountSmall(folder);
  const ballast = join(folder, "ballast");
  try {
    const store = await openSqliteStore({ path: join(folder, "store.db"), ...(mounted ? {} : { pagesMax: 128 }) });
    let stored = 0;
    try {
      if (mounted) await writeFile(ballast, new Uint8Array(400_000));
      let failure: unknown;
      for (; failure === undefined && stored < 2000; stored++) {
        failure = await store.put(`/k/${stored}`, new Uint8Array(2000)).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
      }
      stored--;
      assert.ok(failure instanceof StoreError && failure.code === "NO_SPACE", String(failure));
      assert.equal((await store.range({ prefix: "/k/" })).count, stored);
      if (mounted) {
        await unlink(ballast);
        for (let index = 0; index < 20; index++) await store.put(`/after/${index}`, new Uint8Array(2000));
        assert.equal((await store.range({ prefix: "/after/" })).count, 20);
      }
    } finally {
      await store.close();
    }
    const again = await openSqliteStore({ path: join(folder, "store.db") });
    try {
      assert.equal((await again.range({ prefix: "/k/" })).count, stored);
    } finally {
      await again.close();
    }
  } finally {
    if (mounted) execFileSync("umount", [folder]);
    await rm(folder, { recursive: true, force: true });
  }
});

test("sqlite store: a full disk at the start is told as such, and space brings back all that was acknowledged", async () => {
  const folder = await mkdtemp(join(tmpdir(), "coracle-full-"));
  const path = join(folder, "store.db");
  const ballast = join(folder, "ballast");
  const mounted = mountSmall(folder);
  try {
    const acknowledged = await killAfter(path, "a", 50);
    if (mounted) {
      await assert.rejects(writeFile(ballast, new Uint8Array(1 << 20)), { code: "ENOSPC" });
      await assert.rejects(openSqliteStore({ path }), (thrown: unknown) => {
        assert.ok(thrown instanceof StoreError, String(thrown));
        return thrown.code === "NO_SPACE";
      });
      await unlink(ballast);
    }
    const store = await openSqliteStore({ path });
    try {
      const stored = new Set((await store.range({ prefix: "/" })).kvs.map((kv) => kv.key));
      for (const key of acknowledged.keys()) assert.ok(stored.has(key), `${key} was acknowledged`);
    } finally {
      await store.close();
    }
  } finally {
    if (mounted) execFileSync("umount", [folder]);
    await rm(folder, { recursive: true, force: true });
  }
});
