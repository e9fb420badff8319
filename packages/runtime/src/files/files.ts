// Files and directories, over node:fs. Whole-file reads have a limit; atomic writes survive a power cut.
import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { randomBytes } from "../crypto/digest.ts";
import { FileError, withFileError } from "./file-error.ts";

const READ_SIZE_BYTES_MAX = 64 * 1024 * 1024;

/** What a path is. */
export interface FileStat {
  readonly kind: "file" | "directory" | "symlink" | "other";
  readonly sizeBytes: number;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
  /** Permission bits, such as 0o600. */
  readonly mode: number;
}

/** Reads a whole file; more than `sizeBytesMax` (default 64 MiB) fails with `TOO_LARGE`. */
export function readFileBytes(path: string, sizeBytesMax: number = READ_SIZE_BYTES_MAX): Promise<Uint8Array> {
  return withFileError("read", path, async () => {
    const file = await fs.open(path, "r");
    try {
      const { size } = await file.stat();
      refuseLarge(path, size, sizeBytesMax);
      const bytes = await file.readFile();
      refuseLarge(path, bytes.length, sizeBytesMax);
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    } finally {
      await file.close();
    }
  });
}

/** Reads a whole file as UTF-8; the same limit. */
export async function readTextFile(path: string, sizeBytesMax?: number): Promise<string> {
  return new TextDecoder().decode(await readFileBytes(path, sizeBytesMax));
}

/** Writes a file in place, not atomically. `mode` counts if the file is new (default 0o644). */
export function writeFile(
  path: string,
  content: Uint8Array | string,
  options: { readonly mode?: number } = {},
): Promise<void> {
  return withFileError("write", path, () => fs.writeFile(path, content, { mode: options.mode ?? 0o644 }));
}

/** Appends to a file, making it if needed. */
export function appendFile(path: string, content: Uint8Array | string): Promise<void> {
  return withFileError("append to", path, () => fs.appendFile(path, content));
}

/**
 * Replaces a file so that a reader, and a power cut, see the old or the new content, never a part:
 * temporary file in the same directory, fsync, rename, fsync of the directory. `mode` default 0o644.
 */
export function writeFileAtomic(
  path: string,
  content: Uint8Array | string,
  options: { readonly mode?: number } = {},
): Promise<void> {
  return withFileError("write", path, async () => {
    const directory = dirname(path);
    const suffix = Array.from(randomBytes(6), (byte) => byte.toString(16).padStart(2, "0")).join("");
    const temporary = join(directory, `.${basename(path)}.${suffix}.tmp`);
    try {
      await writeDurably(temporary, content, options.mode ?? 0o644);
      await fs.rename(temporary, path);
    } catch (thrown) {
      await fs.rm(temporary, { force: true }).catch(() => undefined);
      throw thrown;
    }
    await syncDirectory(directory);
  });
}

/** Makes a directory and its parents; one that is there already is fine. */
export function makeDirectory(path: string, options: { readonly mode?: number } = {}): Promise<void> {
  return withFileError("make the directory", path, async () => {
    await fs.mkdir(path, { recursive: true, mode: options.mode ?? 0o755 });
  });
}

/** Makes a fresh directory under the system's temporary one and returns its path. */
export function makeTemporaryDirectory(prefix: string, parent: string): Promise<string> {
  return withFileError("make a directory in", parent, () => fs.mkdtemp(join(parent, prefix)));
}

/** Removes a file, a link or a whole directory; one that is not there is fine. */
export function removePath(path: string): Promise<void> {
  return withFileError("remove", path, () => fs.rm(path, { recursive: true, force: true }));
}

/** Renames within one file system, replacing what `to` was. */
export function renamePath(from: string, to: string): Promise<void> {
  return withFileError("rename", from, () => fs.rename(from, to));
}

/** Names in a directory, sorted. */
export function listDirectory(path: string): Promise<readonly string[]> {
  return withFileError("list", path, async () => (await fs.readdir(path)).sort());
}

/** What a path is, symbolic links followed unless `followLinks` is false. */
export function statPath(path: string, options: { readonly followLinks?: boolean } = {}): Promise<FileStat> {
  return withFileError("look at", path, async () => {
    const stats = options.followLinks === false ? await fs.lstat(path) : await fs.stat(path);
    return {
      kind: kindOf(stats),
      sizeBytes: stats.size,
      modifiedMs: stats.mtimeMs,
      mode: stats.mode & 0o7777,
    };
  });
}

/** True if something is at `path` (symbolic links followed). */
export async function fileExists(path: string): Promise<boolean> {
  try {
    await fs.access(path, constants.F_OK);
    return true;
  } catch {
    return false;
  }
}

/** True if this process may run the file at `path`. */
export async function fileIsExecutable(path: string): Promise<boolean> {
  try {
    await fs.access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Makes a symbolic link at `path` that points to `target`. */
export function makeSymlink(target: string, path: string): Promise<void> {
  return withFileError("make the link", path, () => fs.symlink(target, path));
}

/** Where a symbolic link points, as written. */
export function readSymlink(path: string): Promise<string> {
  return withFileError("read the link", path, () => fs.readlink(path));
}

/** The path with every symbolic link resolved. */
export function realPath(path: string): Promise<string> {
  return withFileError("resolve", path, () => fs.realpath(path));
}

/** Sets permission bits, such as 0o600. */
export function changeMode(path: string, mode: number): Promise<void> {
  return withFileError("change the mode of", path, () => fs.chmod(path, mode));
}

async function writeDurably(path: string, content: Uint8Array | string, mode: number): Promise<void> {
  const file = await fs.open(path, "wx", mode);
  try {
    await file.writeFile(content);
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await fs.open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function refuseLarge(path: string, sizeBytes: number, sizeBytesMax: number): void {
  if (sizeBytes <= sizeBytesMax) return;
  throw new FileError(
    "TOO_LARGE",
    `Cannot read ${path} as it is larger than ${sizeBytesMax} bytes: current size is ${sizeBytes}`,
    path,
  );
}

function kindOf(stats: { isFile(): boolean; isDirectory(): boolean; isSymbolicLink(): boolean }): FileStat["kind"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  return stats.isSymbolicLink() ? "symlink" : "other";
}
