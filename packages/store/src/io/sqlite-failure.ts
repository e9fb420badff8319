// SQLite's and the file system's failures in the store's words.
import { RuntimeError } from "@coracle/runtime";
import { StoreError, type StoreErrorCode } from "../store.ts";

const CODES: { readonly [code: string]: StoreErrorCode } = {
  SQLITE_FULL: "NO_SPACE",
  ENOSPC: "NO_SPACE",
  EDQUOT: "NO_SPACE",
  EFBIG: "NO_SPACE",
  SQLITE_BUSY: "LOCKED",
  SQLITE_LOCKED: "LOCKED",
  SQLITE_CORRUPT: "CORRUPT",
  SQLITE_NOTADB: "CORRUPT",
  SQLITE_CANTOPEN: "NOT_WRITABLE",
  SQLITE_READONLY: "NOT_WRITABLE",
  SQLITE_PERM: "NOT_WRITABLE",
  EACCES: "NOT_WRITABLE",
  EPERM: "NOT_WRITABLE",
  EROFS: "NOT_WRITABLE",
  ENOENT: "NOT_WRITABLE",
  ENOTDIR: "NOT_WRITABLE",
  EISDIR: "NOT_WRITABLE",
};

const REASONS: { readonly [code in StoreErrorCode]?: string } = {
  NO_SPACE: "there is no space left",
  LOCKED: "another process has it open",
  CORRUPT: "the file is damaged or is not a store",
  NOT_WRITABLE: "the file or its folder cannot be written",
};

/** The thrown value as a {@link StoreError}: "Cannot `action` the store PATH as REASON". */
export function storeFailure(action: string, path: string, thrown: unknown): StoreError {
  if (thrown instanceof StoreError) return thrown;
  const code = (thrown instanceof RuntimeError ? CODES[thrown.code] : undefined) ?? "BACKEND";
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  return new StoreError(code, `Cannot ${action} the store ${path} as ${REASONS[code] ?? detail}`, { cause: thrown });
}
