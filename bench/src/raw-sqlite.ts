// The reference of durable writes: raw SQLite, one row per transaction.
import { openSqlite } from "@coracle/runtime";

/** What rows are measured against. */
export const RAW_SQLITE = "raw SQLite, one row per transaction, synchronous=FULL";

/** Inserts `writes` rows of `value`, each its own durable transaction, into a new database at `path`; rows a second. */
export function rawInsertsPerSecond(path: string, writes: number, value: Uint8Array): number {
  const database = openSqlite(path);
  try {
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    database.exec("CREATE TABLE rows (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, value BLOB NOT NULL)");
    const insert = database.prepare("INSERT INTO rows (name, value) VALUES (?, ?)");
    const startMs = performance.now();
    for (let index = 0; index < writes; index++) insert.run(`/bench/${index}`, value);
    return (writes * 1000) / (performance.now() - startMs);
  } finally {
    database.close();
  }
}
