// Cursors that outlive the process: written whole or not at all, and no oftener than they are worth.
import { FileError, readTextFile, writeFileAtomic } from "@coracle/runtime";
import { formatCursor, parseCursor, type WatchCursor } from "../mod.ts";

/** Where a follower's place is kept. */
export interface CursorStore {
  /** The place kept last; `undefined` when there is none, or nothing that can be read as one. */
  load(): Promise<WatchCursor | undefined>;
  /** Replaces it. */
  save(cursor: WatchCursor): Promise<void>;
}

const CURSOR_BYTES_MAX = 256 * 1024;

/** Keeps the cursor in one file, replaced atomically. A file cut short or of another making counts as none. */
export function fileCursorStore(path: string): CursorStore {
  return {
    load: async () => {
      try {
        return parseCursor(await readTextFile(path, CURSOR_BYTES_MAX));
      } catch (error) {
        if (error instanceof FileError && (error.code === "ENOENT" || error.code === "TOO_LARGE")) return undefined;
        throw error;
      }
    },
    save: (cursor) => writeFileAtomic(path, `${formatCursor(cursor)}\n`, { mode: 0o600 }),
  };
}
