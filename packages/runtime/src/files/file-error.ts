// Failures of the file system with the operating system's code.
import { codeOf, messageOf, RuntimeError } from "../runtime-error.ts";

/** A failed file operation; `code` is errno's name: `ENOENT`, `EACCES`, `ENOSPC`, `EISDIR`, `EEXIST`, `ENOTDIR`, … or `TOO_LARGE`. */
export class FileError extends RuntimeError {
  override readonly name = "FileError";
  readonly path: string;

  constructor(code: string, message: string, path: string, cause?: unknown) {
    super(code, message, cause);
    this.path = path;
  }
}

/** Runs a file operation and turns what it throws into {@link FileError}. */
export async function withFileError<T>(action: string, path: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (thrown) {
    throw toFileError(action, path, thrown);
  }
}

/** As {@link withFileError} for a synchronous operation. */
export function withFileErrorSync<T>(action: string, path: string, operation: () => T): T {
  try {
    return operation();
  } catch (thrown) {
    throw toFileError(action, path, thrown);
  }
}

function toFileError(action: string, path: string, thrown: unknown): FileError {
  if (thrown instanceof FileError) return thrown;
  const code = codeOf(thrown) || "EIO";
  return new FileError(
    code,
    `Cannot ${action} ${path} as ${REASONS[code] ?? messageOf(thrown)} (${code})`,
    path,
    thrown,
  );
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "it does not exist",
  EACCES: "permission is denied",
  EPERM: "the operation is not permitted",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EISDIR: "it is a directory",
  ENOTDIR: "a part of the path is not a directory",
  EEXIST: "it exists already",
  ENOTEMPTY: "the directory is not empty",
  EROFS: "the file system is read-only",
  EMFILE: "this process has too many open files",
  ELOOP: "its symbolic links form a loop",
};
