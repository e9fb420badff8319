// The SQLite store keeps the contract, survives what disks and processes do, and says clearly what it cannot.
import assert from "node:assert/strict";
import { chmod, copyFile, mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { storeContract } from "../contract/mod.ts";
import { revision, StoreError } from "../mod.ts";
import { openSqliteStore, type SqliteStore, type SqliteStoreOptions } from "./mod.ts";

const freshSeed = (Math.random() * 0x1_0000_0000) >>> 0;
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "coracle-store-"));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function withStore<T>(options: SqliteStoreOptions, body: (store: SqliteStore) => Promise<T>): Promise<T> {
  const store = await openSqliteStore(options);
  try {
    return await body(store);
  } finally {
    await store.close();
  }
}

function codeOf(thrown: unknown): string {
  return thrown instanceof StoreError ? thrown.code : String(thrown);
}

async function rejection(promise: Promise<unknown>): Promise<StoreError> {
  try {
    await promise;
  } catch (thrown) {
    assert.ok(thrown instanceof StoreError, String(thrown));
    return thrown;
  }
  throw new Error("nothing was thrown");
}

for (const contractCase of storeContract([11, 12, freshSeed])) {
  test(`sqlite store: ${contractCase.name}`, () =>
    inFolder((folder) => withStore({ path: join(folder, "store.db") }, (store) => contractCase.run(store))));
}

test("sqlite store: everything is there after close and open, and revisions go on", () =>
  inFolder(async (folder) => {
    const path = join(folder, "store.db");
    const last = await withStore({ path }, async (store) => {
      await store.put("/a", text("1"));
      await store.put("/a", text("2"));
      await store.put("/b", text("1"));
      await store.delete("/b");
      return store.currentRevision();
    });
    await withStore({ path }, async (store) => {
      assert.equal(await store.currentRevision(), last);
      assert.equal(new TextDecoder().decode((await store.get("/a")).kv?.value), "2");
      assert.deepEqual(
        (await store.range({ prefix: "/", revision: revision(4) })).kvs.map((kv) => kv.key),
        ["/a", "/b"],
      );
      const next = await store.put("/c", text("1"));
      assert.equal(next.revision, last + 1);
    });
  }));

test("sqlite store: a revision stays used after compaction took its row", () =>
  inFolder(async (folder) => {
    const path = join(folder, "store.db");
    const last = await withStore({ path }, async (store) => {
      await store.put("/a", text("1"));
      await store.delete("/a");
      const current = await store.currentRevision();
      await store.compact(current);
      return current;
    });
    await withStore({ path }, async (store) => {
      assert.equal(await store.currentRevision(), last);
      assert.equal(await store.compactRevision(), last);
      assert.equal((await store.put("/a", text("2"))).revision, last + 1);
    });
  }));

test("sqlite store: compaction removes the rows of replaced values and deletions from the file, also after a restart", () =>
  inFolder(async (folder) => {
    const path = join(folder, "store.db");
    const marker = "needle-in-the-file";
    await withStore({ path }, async (store) => {
      await store.put("/a", text(marker.repeat(10)));
      await Promise.all(Array.from({ length: 3000 }, (_, index) => store.put("/a", text(`short ${index}`))));
      await store.compact(await store.currentRevision());
    });
    const store = await openSqliteStore({ path });
    try {
      while (store.stats.purging) await sleep(1);
      await store.backUp(join(folder, "copy.db"));
    } finally {
      await store.close();
    }
    const copy = await readFile(join(folder, "copy.db"));
    assert.equal(copy.includes(marker), false, "a replaced value is still in the copy");
    assert.equal(copy.includes("short 2998"), false, "a replaced value is still in the copy");
    assert.equal(copy.includes("short 2999"), true, "the current value is not in the copy");
  }));

test("sqlite store: a database put back from a backup jumps forward, and every older watch starts anew", () =>
  inFolder(async (folder) => {
    const path = join(folder, "store.db");
    const backup = join(folder, "backup.db");
    const seen = await withStore({ path }, async (store) => {
      await store.put("/a", text("old"));
      await store.backUp(backup);
      await store.put("/a", text("new"));
      return store.currentRevision();
    });
    await copyFile(backup, path);
    await withStore({ path }, async (store) => {
      const current = await store.currentRevision();
      assert.ok(current > seen, `revision ${current} after ${seen}`);
      assert.equal(new TextDecoder().decode((await store.get("/a")).kv?.value), "old");
      for (const after of [2, seen, seen + 1]) {
        const old = store.watch({ prefix: "/", afterRevision: revision(after) });
        const error = await rejection(old[Symbol.asyncIterator]().next());
        assert.equal(error.code, "COMPACTED");
      }
      const watch = store.watch({ prefix: "/", afterRevision: current });
      const put = await store.put("/a", text("newer"));
      assert.equal((await watch[Symbol.asyncIterator]().next()).value?.revision, put.revision);
      watch.close();
    });
  }));

test("sqlite store: a lost database with its mark left is the same as a restore of nothing", () =>
  inFolder(async (folder) => {
    const path = join(folder, "store.db");
    const seen = await withStore({ path }, async (store) => {
      for (let index = 0; index < 5; index++) await store.put("/a", text("x"));
      return store.currentRevision();
    });
    await rm(path);
    await withStore({ path }, async (store) => {
      assert.ok((await store.currentRevision()) > seen);
      assert.deepEqual((await store.range({ prefix: "/" })).kvs, []);
    });
  }));

test("sqlite store: revisions can be told to go on above a number", () =>
  inFolder(async (folder) => {
    const path = join(folder, "store.db");
    await withStore({ path, revisionAtLeast: 5000 }, async (store) => {
      assert.equal(await store.currentRevision(), 5000);
      assert.equal(await store.compactRevision(), 5000);
    });
    await withStore({ path, revisionAtLeast: 10 }, async (store) => assert.equal(await store.currentRevision(), 5000));
  }));

test("sqlite store: a second opener is refused while the first has it", () =>
  inFolder(async (folder) => {
    const path = join(folder, "store.db");
    await withStore({ path }, async (store) => {
      await store.put("/a", text("1"));
      const error = await rejection(openSqliteStore({ path }));
      assert.equal(error.code, "LOCKED");
      assert.match(error.message, /another process has it open/);
      assert.equal((await store.put("/a", text("2"))).ok, true);
    });
    await withStore({ path }, async (store) => assert.equal(await store.currentRevision(), 3));
  }));

test("sqlite store: files that are no store, or are damaged, are refused and left as they are", () =>
  inFolder(async (folder) => {
    const garbage = join(folder, "garbage.db");
    await writeFile(garbage, "this is not a database ".repeat(100));
    assert.equal((await rejection(openSqliteStore({ path: garbage }))).code, "CORRUPT");
    assert.match(await readFile(garbage, "utf8"), /^this is not a database/);

    const path = join(folder, "store.db");
    await withStore({ path }, async (store) => {
      for (let index = 0; index < 200; index++) await store.put(`/k/${index}`, text("v".repeat(500)));
    });
    const whole = join(folder, "whole.db");
    await copyFile(path, whole);
    const file = await open(path, "r+");
    await file.write(new Uint8Array(8192).fill(0xa5), 0, 8192, 4096 * 3);
    await file.close();
    await writeFile(`${path}.revision`, (await readFile(`${path}.revision`, "utf8")).replace("closed", "open"));
    const damaged = await rejection(openSqliteStore({ path }));
    assert.equal(damaged.code, "CORRUPT");

    const cut = join(folder, "cut.db");
    await copyFile(whole, cut);
    await truncate(cut, 4096 * 2 + 100);
    await writeFile(`${cut}.revision`, "revision 1 open\n");
    assert.equal((await rejection(openSqliteStore({ path: cut }))).code, "CORRUPT");

    const badMark = join(folder, "whole.db");
    await writeFile(`${badMark}.revision`, "revision many\n");
    const mark = await rejection(openSqliteStore({ path: badMark }));
    assert.equal(mark.code, "CORRUPT");
    assert.match(mark.message, /mark .*damaged/);
  }));

test("sqlite store: a folder that is missing or read-only is one clear error", () =>
  inFolder(async (folder) => {
    const missing = await rejection(openSqliteStore({ path: join(folder, "no", "store.db") }));
    assert.equal(missing.code, "NOT_WRITABLE");
    assert.match(missing.message, /^Cannot open the store .*cannot be written$/);
    if (process.getuid?.() === 0) return;
    await chmod(folder, 0o500);
    try {
      assert.equal((await rejection(openSqliteStore({ path: join(folder, "store.db") }))).code, "NOT_WRITABLE");
    } finally {
      await chmod(folder, 0o700);
    }
  }));

test("sqlite store: values are readable by the owner alone", () =>
  inFolder(async (folder) => {
    await withStore({ path: join(folder, "store.db") }, async (store) => {
      await store.put("/a", text("secret"));
      for (const name of await readdir(folder)) {
        assert.equal((await stat(join(folder, name))).mode & 0o077, 0, name);
      }
    });
  }));

test("sqlite store: at the size limit the failing put errors, smaller ones and reads go on, space brings it back", () =>
  inFolder(async (folder) => {
    const path = join(folder, "store.db");
    const last = await withStore({ path, pagesMax: 64 }, async (store) => {
      let stored = 0;
      let failure: StoreError | undefined;
      for (; failure === undefined && stored < 1000; stored++) {
        try {
          await store.put(`/k/${stored}`, new Uint8Array(3000));
        } catch (thrown) {
          assert.ok(thrown instanceof StoreError);
          failure = thrown;
        }
      }
      stored--;
      assert.equal(failure?.code, "NO_SPACE");
      assert.match(failure?.message ?? "", /no space left/);
      const at = await store.currentRevision();
      assert.equal(at, 1 + stored);
      const together = await Promise.allSettled([store.put("/big", new Uint8Array(30_000)), store.get("/k/0")]);
      assert.deepEqual(
        together.map((result) => result.status),
        ["rejected", "fulfilled"],
      );
      assert.equal((await store.range({ prefix: "/k/" })).kvs.length, stored);
      assert.equal(await store.currentRevision(), at);
      return at;
    });
    await withStore({ path }, async (store) => {
      assert.equal(await store.currentRevision(), last);
      assert.equal((await store.put("/big", new Uint8Array(30_000))).revision, last + 1);
    });
  }));

test("sqlite store: of a batch that does not fit only the writes that do not fit fail", () =>
  inFolder(async (folder) => {
    await withStore({ path: join(folder, "store.db"), pagesMax: 64 }, async (store) => {
      const results = await Promise.allSettled([
        store.put("/small/1", text("x")),
        store.put("/huge", new Uint8Array(400_000)),
        store.put("/small/2", text("y")),
      ]);
      assert.deepEqual(
        results.map((result) => result.status),
        ["fulfilled", "rejected", "fulfilled"],
      );
      assert.equal(codeOf((results[1] as PromiseRejectedResult).reason), "NO_SPACE");
      assert.deepEqual(
        (await store.range({ prefix: "/" })).kvs.map((kv) => kv.key),
        ["/small/1", "/small/2"],
      );
    });
  }));

test("sqlite store: more writes than may wait are refused at once, the others are stored", () =>
  inFolder(async (folder) => {
    await withStore({ path: join(folder, "store.db"), pendingMax: 10, batchMax: 4 }, async (store) => {
      const results = await Promise.allSettled(
        Array.from({ length: 15 }, (_, index) => store.put(`/k${index}`, text("x"))),
      );
      assert.equal(results.filter((result) => result.status === "fulfilled").length, 10);
      const refused = results.filter((result) => result.status === "rejected").map((result) => codeOf(result.reason));
      assert.deepEqual(refused, Array(5).fill("OVERLOADED"));
      assert.equal((await store.range({ prefix: "/" })).count, 10);
    });
  }));

test("sqlite store: writes of one turn are one transaction", () =>
  inFolder(async (folder) => {
    const store = await openSqliteStore({ path: join(folder, "store.db") });
    try {
      const commits: number[] = [];
      store.subscribe(
        { prefix: "/" },
        { onChanges: (changes) => void commits.push(changes.length), onEnd: () => undefined },
      );
      await Promise.all(Array.from({ length: 64 }, (_, index) => store.put(`/k${index}`, text("x"))));
      assert.deepEqual(commits, [64]);
      assert.deepEqual(store.stats, {
        commits: 1,
        writes: 64,
        failures: 0,
        largestBatch: 64,
        watches: 1,
        purging: false,
        markFailures: 0,
      });
    } finally {
      await store.close();
    }
  }));

test("sqlite store: writes that wait when it is closed are stored", () =>
  inFolder(async (folder) => {
    const path = join(folder, "store.db");
    const store = await openSqliteStore({ path });
    const writes = Promise.all(Array.from({ length: 20 }, (_, index) => store.put(`/k${index}`, text("x"))));
    await store.close();
    await writes;
    await withStore({ path }, async (again) => assert.equal((await again.range({ prefix: "/" })).count, 20));
  }));
