// SQLite through node:sqlite (https://sqlite.org/c3ref/intro.html): one database file, synchronous calls.
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { RuntimeError } from "./runtime-error.ts";

/** What a column holds. */
export type SqliteValue = null | number | bigint | string | Uint8Array;

/** One row by column name. */
export type SqliteRow = Record<string, SqliteValue>;

/** What a write did. */
export interface SqliteRunResult {
  readonly changes: number;
  readonly lastInsertRowid: number;
}

/** A compiled statement whose rows have the shape `Row` (not checked). Parameters are positional (`?`). */
export interface SqliteStatement<Row = SqliteRow> {
  run(...parameters: readonly SqliteValue[]): SqliteRunResult;
  get(...parameters: readonly SqliteValue[]): Row | undefined;
  all(...parameters: readonly SqliteValue[]): Row[];
  /** Rows one by one; the statement is busy until the iteration ends. */
  iterate(...parameters: readonly SqliteValue[]): IterableIterator<Row>;
}

/** An open database. Every call throws {@link SqliteError}. */
export interface SqliteDatabase {
  /** Runs one or more statements without parameters. */
  exec(sql: string): void;
  prepare<Row = SqliteRow>(sql: string): SqliteStatement<Row>;
  /** Runs `body` in BEGIN IMMEDIATE … COMMIT; a throw rolls back and passes on. Does not nest. */
  transaction<T>(body: () => T): T;
  close(): void;
}

/** How to open a database. */
export interface SqliteOptions {
  /** Default false. */
  readonly readOnly?: boolean | undefined;
  /** Wait this long for another process's lock before `SQLITE_BUSY`. Default 5 000. */
  readonly busyTimeoutMs?: number | undefined;
}

/** A failure of SQLite; `code` is its primary result code, such as `SQLITE_CORRUPT` or `SQLITE_FULL`. */
export class SqliteError extends RuntimeError {
  override readonly name = "SqliteError";
}

/** Primary result codes by number (https://sqlite.org/rescode.html). */
const RESULT_CODES: readonly (string | undefined)[] = [
  "SQLITE_OK",
  "SQLITE_ERROR",
  "SQLITE_INTERNAL",
  "SQLITE_PERM",
  "SQLITE_ABORT",
  "SQLITE_BUSY",
  "SQLITE_LOCKED",
  "SQLITE_NOMEM",
  "SQLITE_READONLY",
  "SQLITE_INTERRUPT",
  "SQLITE_IOERR",
  "SQLITE_CORRUPT",
  "SQLITE_NOTFOUND",
  "SQLITE_FULL",
  "SQLITE_CANTOPEN",
  "SQLITE_PROTOCOL",
  "SQLITE_EMPTY",
  "SQLITE_SCHEMA",
  "SQLITE_TOOBIG",
  "SQLITE_CONSTRAINT",
  "SQLITE_MISMATCH",
  "SQLITE_MISUSE",
  "SQLITE_NOLFS",
  "SQLITE_AUTH",
  "SQLITE_FORMAT",
  "SQLITE_RANGE",
  "SQLITE_NOTADB",
];

/** Opens (and makes, unless read-only) the database at `path`; `:memory:` is one without a file. */
export function openSqlite(path: string, options: SqliteOptions = {}): SqliteDatabase {
  const database = guarded(`open the database ${path}`, () => {
    const opened = new DatabaseSync(path, {
      readOnly: options.readOnly === true,
    });
    opened.exec(`PRAGMA busy_timeout = ${Math.trunc(options.busyTimeoutMs ?? 5000)}`);
    return opened;
  });
  return new NodeSqliteDatabase(database, path);
}

class NodeSqliteDatabase implements SqliteDatabase {
  readonly #database: DatabaseSync;
  readonly #path: string;

  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
  }

  exec(sql: string): void {
    guarded(`run SQL on ${this.#path}`, () => this.#database.exec(sql));
  }

  prepare<Row = SqliteRow>(sql: string): SqliteStatement<Row> {
    const statement = guarded(`prepare SQL on ${this.#path}`, () => this.#database.prepare(sql));
    return new NodeSqliteStatement<Row>(statement, this.#path);
  }

  transaction<T>(body: () => T): T {
    this.exec("BEGIN IMMEDIATE");
    let result: T;
    try {
      result = body();
      this.exec("COMMIT");
    } catch (thrown) {
      this.#rollBack();
      throw thrown;
    }
    return result;
  }

  close(): void {
    guarded(`close ${this.#path}`, () => this.#database.close());
  }

  /** After SQLITE_FULL, SQLITE_IOERR and the like SQLite has rolled back already; then ROLLBACK itself fails. */
  #rollBack(): void {
    try {
      this.#database.exec("ROLLBACK");
    } catch {
      return;
    }
  }
}

class NodeSqliteStatement<Row> implements SqliteStatement<Row> {
  readonly #statement: StatementSync;
  readonly #path: string;

  constructor(statement: StatementSync, path: string) {
    this.#statement = statement;
    this.#path = path;
  }

  run(...parameters: readonly SqliteValue[]): SqliteRunResult {
    try {
      const result = this.#statement.run(...(parameters as SQLInputValue[]));
      return {
        changes: Number(result.changes),
        lastInsertRowid: Number(result.lastInsertRowid),
      };
    } catch (thrown) {
      throw sqliteError(`write to ${this.#path}`, thrown);
    }
  }

  get(...parameters: readonly SqliteValue[]): Row | undefined {
    try {
      const row: unknown = this.#statement.get(...(parameters as SQLInputValue[]));
      return (row ?? undefined) as Row | undefined;
    } catch (thrown) {
      throw sqliteError(`read from ${this.#path}`, thrown);
    }
  }

  all(...parameters: readonly SqliteValue[]): Row[] {
    try {
      return this.#statement.all(...(parameters as SQLInputValue[])) as Row[];
    } catch (thrown) {
      throw sqliteError(`read from ${this.#path}`, thrown);
    }
  }

  *iterate(...parameters: readonly SqliteValue[]): IterableIterator<Row> {
    try {
      for (const row of this.#statement.iterate(...(parameters as SQLInputValue[]))) yield row as Row;
    } catch (thrown) {
      throw sqliteError(`read from ${this.#path}`, thrown);
    }
  }
}

function guarded<T>(action: string, body: () => T): T {
  try {
    return body();
  } catch (thrown) {
    throw sqliteError(action, thrown);
  }
}

function sqliteError(action: string, thrown: unknown): unknown {
  if (!(thrown instanceof Error) || thrown instanceof SqliteError) return thrown;
  return new SqliteError(resultCode(thrown), `Cannot ${action} as SQLite says: ${thrown.message}`, thrown);
}

function resultCode(thrown: Error): string {
  const number: unknown = Reflect.get(thrown, "errcode") ?? Reflect.get(thrown, "errno");
  if (typeof number === "number") return RESULT_CODES[number & 0xff] ?? "SQLITE_ERROR";
  for (const [text, code] of RESULT_TEXTS) if (thrown.message.includes(text)) return code;
  return "SQLITE_ERROR";
}

/** Deno gives no number for failures outside a statement's run, only SQLite's own sentence (sqlite3ErrStr). */
const RESULT_TEXTS: readonly (readonly [text: string, code: string])[] = [
  ["file is not a database", "SQLITE_NOTADB"],
  ["disk image is malformed", "SQLITE_CORRUPT"],
  ["unable to open database file", "SQLITE_CANTOPEN"],
  ["readonly database", "SQLITE_READONLY"],
  ["database or disk is full", "SQLITE_FULL"],
  ["disk I/O error", "SQLITE_IOERR"],
  ["database is locked", "SQLITE_BUSY"],
  ["table is locked", "SQLITE_LOCKED"],
  ["constraint failed", "SQLITE_CONSTRAINT"],
  ["out of memory", "SQLITE_NOMEM"],
  ["too big", "SQLITE_TOOBIG"],
  ["not open", "SQLITE_MISUSE"],
];
