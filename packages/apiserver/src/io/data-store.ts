// The store in the data folder, and one clear sentence when it cannot be used.
import { ExitError } from "@coracle/lifecycle";
import { type Store, StoreError } from "@coracle/store";
import { openSqliteStore } from "@coracle/store/io";
import type { DataFolder } from "./pki/data-folder.ts";

/** So many of the newest changes are kept whatever their age. */
const HISTORY_COUNT_MIN = 10_000;

/** Opens or makes the store; `historyMs` is how long changes are kept at least. */
export async function openDataStore(folder: DataFolder, historyMs: number): Promise<Store> {
  const path = folder.file("coracle.db");
  try {
    return await openSqliteStore({ path, history: { ageMs: historyMs, countMin: HISTORY_COUNT_MIN } });
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    throw new ExitError(`cannot use the data folder ${folder.path}: ${explain(cause, path)}`, { cause });
  }
}

function explain(error: StoreError, path: string): string {
  switch (error.code) {
    case "LOCKED":
      return "another server uses it; stop that one or choose another --data";
    case "CORRUPT":
      return `its database ${path} is damaged (${error.message}); restore it from a backup, or move it away to start anew`;
    case "NO_SPACE":
      return "its disk is full; make room, or choose another --data";
    case "NOT_WRITABLE":
      return `its database ${path} cannot be written; change its owner or choose another --data`;
    case "COMPACTED":
    case "FUTURE_REVISION":
    case "SLOW":
    case "CLOSED":
    case "BAD_INPUT":
    case "OVERLOADED":
    case "REVISION_OVERFLOW":
    case "BACKEND":
      return error.message;
  }
}
