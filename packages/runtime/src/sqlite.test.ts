// SQLite behind one small interface, and what its failures look like.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { makeTemporaryDirectory, readFileBytes, removePath, writeFile } from "./files/files.ts";
import { joinPath } from "./files/path.ts";
import { temporaryDirectory } from "./process.ts";
import { openSqlite, type SqliteDatabase, SqliteError } from "./sqlite.ts";

let directory: string;
const databases: SqliteDatabase[] = [];

function open(name: string, options?: Parameters<typeof openSqlite>[1]): SqliteDatabase {
  const database = openSqlite(name === ":memory:" ? name : joinPath(directory, name), options);
  databases.push(database);
  return database;
}

function codeOf(action: () => unknown): string {
  try {
    action();
    return "no error";
  } catch (thrown) {
    assert.ok(thrown instanceof SqliteError, String(thrown));
    assert.match(thrown.message, /^Cannot /);
    return thrown.code;
  }
}

describe("SQLite", () => {
  before(async () => {
    directory = await makeTemporaryDirectory("coracle-sqlite-", temporaryDirectory());
  });

  after(async () => {
    for (const database of databases) database.close();
    await removePath(directory);
  });

  it("runs statements with parameters of every type", () => {
    const database = open(":memory:");
    database.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT, real REAL, blob BLOB)");
    const insert = database.prepare("INSERT INTO t (text, real, blob) VALUES (?, ?, ?)");
    assert.deepEqual(insert.run("a", 1.5, Uint8Array.of(1, 2)), { changes: 1, lastInsertRowid: 1 });
    assert.deepEqual(insert.run("b", null, null), { changes: 1, lastInsertRowid: 2 });
    const all = database.prepare<{ id: number; text: string }>("SELECT id, text FROM t WHERE id >= ? ORDER BY id");
    assert.deepEqual(
      all.all(1).map(({ id, text }) => `${id}${text}`),
      ["1a", "2b"],
    );
    assert.equal(all.get(2)?.text, "b");
    assert.equal(all.get(3), undefined);
    assert.deepEqual(
      [...all.iterate(1)].map((row) => row.id),
      [1, 2],
    );
    const blob = database.prepare<{ blob: Uint8Array }>("SELECT blob FROM t").get()?.blob;
    assert.deepEqual(blob && [...blob], [1, 2]);
  });

  it("frees a statement whose iteration is left early", () => {
    const database = open(":memory:");
    database.exec("CREATE TABLE t (x); INSERT INTO t VALUES (1), (2), (3)");
    const select = database.prepare<{ x: number }>("SELECT x FROM t");
    for (const row of select.iterate()) {
      assert.equal(row.x, 1);
      break;
    }
    database.exec("DROP TABLE t");
  });

  it("commits a transaction, or rolls all of it back", () => {
    const database = open(":memory:");
    database.exec("CREATE TABLE t (x UNIQUE)");
    const insert = database.prepare("INSERT INTO t VALUES (?)");
    const count = database.prepare<{ n: number }>("SELECT count(*) AS n FROM t");
    assert.equal(
      database.transaction(() => insert.run(1).changes),
      1,
    );
    assert.throws(
      () =>
        database.transaction(() => {
          insert.run(2);
          throw new RangeError("mine");
        }),
      RangeError,
    );
    const twice = codeOf(() =>
      database.transaction(() => {
        insert.run(3);
        insert.run(1);
      }),
    );
    assert.equal(twice, "SQLITE_CONSTRAINT");
    assert.equal(count.get()?.n, 1);
    database.transaction(() => insert.run(4));
    assert.equal(count.get()?.n, 2);
  });

  it("keeps data in its file, and a reader from writing", () => {
    const writer = open("data.db");
    writer.exec("PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1)");
    const reader = open("data.db", { readOnly: true });
    assert.equal(reader.prepare<{ x: number }>("SELECT x FROM t").get()?.x, 1);
    assert.equal(
      codeOf(() => reader.exec("INSERT INTO t VALUES (2)")),
      "SQLITE_READONLY",
    );
  });

  it("gives up waiting for another's lock", () => {
    const holder = open("locked.db");
    holder.exec("CREATE TABLE t (x); BEGIN IMMEDIATE");
    const waiter = open("locked.db", { busyTimeoutMs: 1 });
    assert.equal(
      codeOf(() => waiter.transaction(() => undefined)),
      "SQLITE_BUSY",
    );
    holder.exec("COMMIT");
    waiter.transaction(() => undefined);
  });

  it("tells corrupt, full, missing and misused apart", async () => {
    const path = joinPath(directory, "garbage.db");
    await writeFile(path, "this is not a database at all. ".repeat(100));
    const garbage = open("garbage.db");
    assert.equal(
      codeOf(() => garbage.prepare("SELECT * FROM sqlite_schema").all()),
      "SQLITE_NOTADB",
    );

    const source = open("source.db");
    source.exec("CREATE TABLE t (x); CREATE INDEX i ON t (x)");
    const insert = source.prepare("INSERT INTO t VALUES (?)");
    source.transaction(() => {
      for (let row = 0; row < 2000; row++) insert.run(`row ${row}`);
    });
    const bytes = await readFileBytes(joinPath(directory, "source.db"));
    await writeFile(
      joinPath(directory, "corrupt.db"),
      bytes.map((byte, offset) => (offset < 4096 ? byte : 0xa5)),
    );
    const corrupt = open("corrupt.db");
    assert.equal(
      codeOf(() => corrupt.prepare("SELECT count(x) FROM t").all()),
      "SQLITE_CORRUPT",
    );

    const small = open(":memory:");
    small.exec("CREATE TABLE t (x); PRAGMA max_page_count = 3");
    const grow = small.prepare("INSERT INTO t VALUES (?)");
    assert.equal(
      codeOf(() => {
        for (let row = 0; row < 100; row++) grow.run("x".repeat(1000));
      }),
      "SQLITE_FULL",
    );
    assert.equal(
      codeOf(() => openSqlite(joinPath(directory, "no", "such", "folder.db"))),
      "SQLITE_CANTOPEN",
    );
    assert.equal(
      codeOf(() => small.exec("SELEKT 1")),
      "SQLITE_ERROR",
    );
    const closed = openSqlite(":memory:");
    closed.close();
    assert.equal(
      codeOf(() => closed.exec("SELECT 1")),
      "SQLITE_MISUSE",
    );
  });
});
