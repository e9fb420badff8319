// The SQLite file of a store: an append-only log whose primary key is the revision, and an index of what is current.
import { openSqlite, type SqliteDatabase, type SqliteStatement, type SqliteValue } from "@coracle/runtime";
import { type Revision, revision as toRevision } from "../revision.ts";
import { type ChangeEvent, type KeyValue, type RangeOptions, StoreError } from "../store.ts";

/** Marks the file as a store: "Cora". */
const APPLICATION_ID = 0x436f7261;
const FORMAT_VERSION = 1;

/** Longest wait for a lock: another process that has the file open keeps it. */
const BUSY_TIMEOUT_MS = 250;

/** Revisions per page of history. */
const PAGE_REVISIONS = 512;

// A value is written once, in the log; `current` only points at it. Revisions are given out by the one process that has the
// file (exclusive lock), never by SQLite, so a rolled-back write leaves no gap and nothing is ever given out twice.
const SCHEMA = `
  CREATE TABLE log (
    revision INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    create_revision INTEGER NOT NULL,
    previous_revision INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    value BLOB NOT NULL
  ) STRICT;
  CREATE TABLE current (key TEXT PRIMARY KEY, revision INTEGER NOT NULL, create_revision INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO meta VALUES ('compact_revision', 1), ('purged_revision', 1);
`;

/** Behind every key with the prefix: keys are printable ASCII. */
const AFTER_ALL_KEYS = "\u007f";

const KV_COLUMNS = "l.key AS key, l.revision AS revision, l.create_revision AS created, l.value AS value";

interface KvRow {
  readonly key: string;
  readonly revision: number;
  readonly created: number;
  readonly value: Uint8Array;
}

interface ChangeRow extends KvRow {
  readonly deleted: number;
  readonly previousRevision: number | null;
  readonly previousCreated: number | null;
  readonly previousValue: Uint8Array | null;
}

/** Where a key is now. */
export interface CurrentRow {
  readonly revision: number;
  readonly created: number;
}

const NO_BYTES = new Uint8Array(0);

/** Synchronous access to the file. Errors are SQLite's; the caller puts them in the store's words. */
export class SqliteLog {
  readonly #database: SqliteDatabase;
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(path: string) {
    this.#database = openSqlite(path, { busyTimeoutMs: BUSY_TIMEOUT_MS });
    try {
      this.#prepareFile(path);
    } catch (thrown) {
      this.#database.close();
      throw thrown;
    }
  }

  #prepareFile(path: string): void {
    const database = this.#database;
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    database.exec("PRAGMA cache_size = -16384; PRAGMA journal_size_limit = 16777216");
    // The lock of exclusive mode is taken by the first write and then kept.
    database.exec("BEGIN IMMEDIATE; COMMIT");
    const isNew = this.#pragma("schema_version") === 0;
    if (isNew) {
      database.transaction(() => {
        database.exec(SCHEMA);
        database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT_VERSION}`);
      });
      return;
    }
    if (this.#pragma("application_id") !== APPLICATION_ID) {
      throw new StoreError("CORRUPT", `Cannot open ${path} as a store as it is another program's database`);
    }
    const version = this.#pragma("user_version");
    if (version !== FORMAT_VERSION) {
      throw new StoreError(
        "CORRUPT",
        `Cannot open the store ${path} as its format is not known: current version is ${String(version)}`,
      );
    }
  }

  /** Checks the whole file; throws `CORRUPT` with the first finding. */
  checkIntegrity(path: string): void {
    const row = this.#database.prepare("PRAGMA quick_check(1)").get();
    const finding = Object.values(row ?? {})[0];
    if (finding === "ok") return;
    throw new StoreError("CORRUPT", `Cannot open the store ${path} as it is damaged: ${String(finding)}`);
  }

  /** The last revision: of the log, or of the compaction if that took the last row with it. */
  lastRevision(): Revision {
    const last = this.#number("SELECT coalesce(max(revision), 0) FROM log");
    return toRevision(Math.max(last, this.meta("compact_revision")));
  }

  meta(name: "compact_revision" | "purged_revision"): number {
    return this.#number("SELECT value FROM meta WHERE name = ?", name);
  }

  setMeta(name: "compact_revision" | "purged_revision", value: number): void {
    this.#statement("UPDATE meta SET value = ? WHERE name = ?").run(value, name);
  }

  transaction<T>(body: () => T): T {
    return this.#database.transaction(body);
  }

  find(key: string): CurrentRow | undefined {
    return this.#all<CurrentRow>("SELECT revision, create_revision AS created FROM current WHERE key = ?", key)[0];
  }

  /** The value that the log has at a revision. */
  read(key: string, row: CurrentRow): KeyValue {
    const [found] = this.#all<{ value: Uint8Array }>("SELECT value FROM log WHERE revision = ?", row.revision);
    if (found === undefined)
      throw new StoreError("CORRUPT", `Cannot read ${key} as revision ${row.revision} is not in the log`);
    return {
      key,
      value: found.value,
      createRevision: row.created as Revision,
      modRevision: row.revision as Revision,
    };
  }

  appendPut(kv: KeyValue, previousRevision: number): void {
    this.#append(kv.modRevision, kv.key, [kv.createRevision, previousRevision, 0], kv.value);
    const upsert = "INSERT OR REPLACE INTO current (key, revision, create_revision) VALUES (?, ?, ?)";
    this.#statement(upsert).run(kv.key, kv.modRevision, kv.createRevision);
  }

  appendDelete(revision: Revision, previous: KeyValue): void {
    this.#append(revision, previous.key, [previous.createRevision, previous.modRevision, 1], NO_BYTES);
    this.#statement("DELETE FROM current WHERE key = ?").run(previous.key);
  }

  #append(revision: number, key: string, fields: readonly [number, number, number], value: Uint8Array): void {
    const insert =
      "INSERT INTO log (revision, key, create_revision, previous_revision, deleted, value) VALUES (?, ?, ?, ?, ?, ?)";
    this.#statement(insert).run(revision, key, ...fields, value);
  }

  /** Keys now, from the range's start, at most `limit`. */
  rangeNow({ prefix, startKey = "" }: RangeOptions, limit: number): KeyValue[] {
    const sql = `SELECT ${KV_COLUMNS} FROM current c JOIN log l ON l.revision = c.revision
      WHERE c.key >= ? AND c.key < ? ORDER BY c.key LIMIT ?`;
    return this.#all<KvRow>(sql, later(prefix, startKey), prefix + AFTER_ALL_KEYS, limit).map(toKeyValue);
  }

  countNow({ prefix, startKey = "" }: RangeOptions): number {
    const sql = "SELECT count(*) AS count FROM current WHERE key >= ? AND key < ?";
    return this.#number(sql, later(prefix, startKey), prefix + AFTER_ALL_KEYS);
  }

  /** Keys at a past revision: what has not changed since, and what the first change since then replaced. */
  rangeAt({ prefix, startKey = "" }: RangeOptions, at: Revision, limit: number): KeyValue[] {
    const [low, high] = [later(prefix, startKey), prefix + AFTER_ALL_KEYS];
    const sql = `SELECT ${KV_COLUMNS} FROM log l JOIN (${PAST}) r ON r.revision = l.revision ORDER BY l.key LIMIT ?`;
    return this.#all<KvRow>(sql, low, high, at, low, high, at, at, limit).map(toKeyValue);
  }

  countAt({ prefix, startKey = "" }: RangeOptions, at: Revision): number {
    const [low, high] = [later(prefix, startKey), prefix + AFTER_ALL_KEYS];
    const sql = `SELECT count(*) AS count FROM (${PAST})`;
    return this.#number(sql, low, high, at, low, high, at, at);
  }

  /** Changes under a prefix in the page of revisions behind `after`, and the page's last revision. */
  changes(prefix: string, after: Revision, last: Revision): { changes: ChangeEvent[]; upTo: Revision } {
    const upTo = Math.min(after + PAGE_REVISIONS, last) as Revision;
    const sql = `SELECT ${KV_COLUMNS}, l.deleted AS deleted, p.revision AS previousRevision,
        p.create_revision AS previousCreated, p.value AS previousValue
      FROM log l LEFT JOIN log p ON p.revision = l.previous_revision AND l.previous_revision > 0
      WHERE l.revision > ? AND l.revision <= ? AND l.key >= ? AND l.key < ? ORDER BY l.revision`;
    const rows = this.#all<ChangeRow>(sql, after, upTo, prefix, prefix + AFTER_ALL_KEYS);
    return { changes: rows.map(toChange), upTo };
  }

  /**
   * Removes the log rows that a compaction made superfluous, among the next `revisionsMax` revisions: values replaced at or
   * before `compactRevision`, and deletions. True when nothing is left to do.
   */
  purge(compactRevision: Revision, revisionsMax: number): boolean {
    const from = this.meta("purged_revision");
    const to = Math.min(compactRevision, from + revisionsMax);
    this.transaction(() => {
      const replaced =
        "SELECT previous_revision FROM log WHERE revision > ? AND revision <= ? AND previous_revision > 0";
      this.#statement(`DELETE FROM log WHERE revision IN (${replaced})`).run(from, to);
      this.#statement("DELETE FROM log WHERE revision > ? AND revision <= ? AND deleted = 1").run(from, to);
      this.setMeta("purged_revision", to);
    });
    return to === compactRevision;
  }

  /** Writes a consistent copy while the store is in use. */
  copyTo(path: string): void {
    this.#database.prepare("VACUUM INTO ?").run(path);
  }

  /** Bounds the file; writes beyond fail as on a full disk. */
  limitPages(pagesMax: number): void {
    this.#database.exec(`PRAGMA max_page_count = ${Math.trunc(pagesMax)}`);
  }

  /** Moves the write-ahead log into the file and closes it. */
  close(): void {
    try {
      this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } finally {
      this.#database.close();
    }
  }

  #pragma(name: string): unknown {
    return Object.values(this.#database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
  }

  /** The first column of the first row, a number in every statement that comes here. */
  #number(sql: string, ...parameters: readonly SqliteValue[]): number {
    const value = Object.values(this.#statement(sql).get(...parameters) ?? {})[0];
    if (typeof value === "number") return value;
    throw new StoreError("CORRUPT", `Cannot read the store as a number is missing: ${sql}`);
  }

  /** The columns are those of `Row`: the SQL says so. */
  #all<Row>(sql: string, ...parameters: readonly SqliteValue[]): Row[] {
    return this.#statement(sql).all(...parameters) as Row[];
  }

  #statement(sql: string): SqliteStatement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = this.#database.prepare(sql)));
    return statement;
  }
}

/** Revisions of the log that were current at a past one: parameters low, high, at, low, high, at, at. */
const PAST = `
  SELECT c.revision AS revision FROM current c WHERE c.key >= ? AND c.key < ? AND c.revision <= ?
  UNION ALL
  SELECT n.previous_revision AS revision FROM log n
    WHERE n.key >= ? AND n.key < ? AND n.revision > ? AND n.previous_revision > 0 AND n.previous_revision <= ?`;

function later(prefix: string, startKey: string): string {
  return startKey > prefix ? startKey : prefix;
}

function toKeyValue(row: KvRow): KeyValue {
  return {
    key: row.key,
    value: row.value,
    createRevision: row.created as Revision,
    modRevision: row.revision as Revision,
  };
}

function toChange(row: ChangeRow): ChangeEvent {
  const revision = row.revision as Revision;
  const previous: KeyValue | undefined =
    row.previousRevision === null
      ? undefined
      : {
          key: row.key,
          value: row.previousValue ?? NO_BYTES,
          createRevision: row.previousCreated as Revision,
          modRevision: row.previousRevision as Revision,
        };
  if (row.deleted === 0) return { kind: "put", revision, kv: toKeyValue(row), previous };
  if (previous === undefined)
    throw new StoreError("CORRUPT", `Cannot read revision ${revision} as what it deleted is missing`);
  return { kind: "delete", revision, key: row.key, previous };
}
