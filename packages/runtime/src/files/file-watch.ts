// Follows the content of files, or of all files in a directory, through the `..data` swap of Kubernetes volumes, rename and removal.
import { type FSWatcher, watch } from "node:fs";
import { dirname, join } from "node:path";
import { assert } from "@coracle/base";
import { startInterval, startTimer, type Timer } from "../clock.ts";
import { sha256Hex } from "../crypto/digest.ts";
import { codeOf } from "../runtime-error.ts";
import { listDirectory, readFileBytes } from "./files.ts";

const FILES_MAX = 1024;
/** Files of a directory that are looked at: the first by name. */
export const DIRECTORY_FILES_MAX = 4096;
const FILE_SIZE_BYTES_MAX = 16 * 1024 * 1024;
/** Reads of files that change all the while; what the last one found is told. */
const ATTEMPTS_MAX = 5;

/** Files whose bytes differ from the last look, with what is there now. */
export interface FileChange {
  /** The watched path. */
  readonly path: string;
  /** Its bytes; undefined if it is gone or cannot be read. */
  readonly content: Uint8Array | undefined;
}

/** How to watch files. */
export interface WatchFilesOptions {
  /** Look at the bytes this often even without an event. Default 60 000. */
  readonly pollMs?: number | undefined;
  /** Wait this long after an event for more of them. Default 20. */
  readonly debounceMs?: number | undefined;
  /** Called with every file that changed since the last call, all of one swap together. */
  readonly onChange: (changes: readonly FileChange[]) => void;
}

/** A running watch. */
export interface FileWatch {
  /** Resolves when the first look is done: what changes later is reported. */
  readonly ready: Promise<void>;
  /** Looks now, without waiting for an event or the poll. */
  check(): Promise<void>;
  close(): void;
}

/** Watches up to 1024 files of up to 16 MiB. They need not exist yet, nor their directories. */
export function watchFiles(paths: readonly string[], options: WatchFilesOptions): FileWatch {
  assert(paths.length <= FILES_MAX, `Cannot watch more than ${FILES_MAX} files: current number is ${paths.length}`);
  const unique = [...new Set(paths)];
  const directories = [...new Set(unique.map((path) => dirname(path)))];
  return new DirectoryWatch({ directories, list: () => Promise.resolve(unique) }, options);
}

/**
 * Watches the files of a directory whose names do not begin with a dot, also those that come later, up to
 * {@link DIRECTORY_FILES_MAX} of up to 16 MiB. The directory need not exist yet.
 */
export function watchDirectory(directory: string, options: WatchFilesOptions): FileWatch {
  const list = (): Promise<readonly string[]> => listVisible(directory).catch(() => []);
  return new DirectoryWatch({ directories: [directory], list }, options);
}

/** Paths of the files of a directory whose names do not begin with a dot, in order: Kubernetes volumes keep their own there. */
export async function listVisible(directory: string): Promise<readonly string[]> {
  const names = await listDirectory(directory);
  return names.filter((name) => !name.startsWith(".")).map((name) => join(directory, name));
}

/** What a watch follows. */
interface Watched {
  /** Where the files are. */
  readonly directories: readonly string[];
  /** The files as they are now. */
  readonly list: () => Promise<readonly string[]>;
}

class DirectoryWatch implements FileWatch {
  readonly ready: Promise<void>;
  readonly #watched: Watched;
  readonly #options: WatchFilesOptions;
  /** Digest of what was last seen; absent if there was nothing. */
  readonly #seen: Map<string, string> = new Map();
  readonly #watchers: Map<string, FSWatcher> = new Map();
  readonly #poll: Timer;
  #debounce: Timer | undefined;
  #look: Promise<void> | undefined;
  #lookAgain: boolean = false;
  #isClosed: boolean = false;

  constructor(watched: Watched, options: WatchFilesOptions) {
    this.#watched = watched;
    this.#options = options;
    this.#poll = startInterval(options.pollMs ?? 60_000, () => this.#soon(), {
      keepsProcessAlive: false,
    });
    this.#arm();
    this.ready = this.#startLook(true);
  }

  check(): Promise<void> {
    if (this.#look === undefined) return this.#startLook(false);
    this.#lookAgain = true;
    return this.#look;
  }

  close(): void {
    this.#isClosed = true;
    this.#poll.cancel();
    this.#debounce?.cancel();
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /** Watches every directory that exists and is not watched; a directory that went away is tried again at the next event or poll. */
  #arm(): void {
    for (const directory of this.#watched.directories) {
      if (this.#watchers.has(directory)) continue;
      try {
        const watcher = watch(directory, { persistent: false }, (event, name) => this.#onEvent(directory, event, name));
        watcher.on("error", () => this.#disarm(directory));
        this.#watchers.set(directory, watcher);
      } catch (thrown) {
        if (codeOf(thrown) === "") throw thrown;
      }
    }
  }

  #disarm(directory: string): void {
    this.#watchers.get(directory)?.close();
    this.#watchers.delete(directory);
  }

  #onEvent(directory: string, event: string, name: string | null): void {
    if (this.#isClosed) return;
    // A removed or replaced directory reports "rename" with its own name, or none: the watch on the old inode is dead.
    const isOwnName = name === null || directory.endsWith(`/${name}`);
    if (event === "rename" && isOwnName) this.#disarm(directory);
    this.#soon();
  }

  #soon(): void {
    if (this.#isClosed || this.#debounce !== undefined) return;
    this.#debounce = startTimer(this.#options.debounceMs ?? 20, () => {
      this.#debounce = undefined;
      void this.check();
    });
  }

  #startLook(isFirst: boolean): Promise<void> {
    const look = this.#lookUntilQuiet(isFirst).finally(() => {
      this.#look = undefined;
    });
    this.#look = look;
    return look;
  }

  async #lookUntilQuiet(isFirst: boolean): Promise<void> {
    let isSilent = isFirst;
    do {
      this.#lookAgain = false;
      const changes = await this.#changes();
      if (this.#isClosed) return;
      this.#arm();
      if (changes.length > 0 && !isSilent) this.#options.onChange(changes);
      isSilent = false;
    } while (this.#lookAgain);
  }

  async #changes(): Promise<readonly FileChange[]> {
    let found = await this.#read();
    // Files may be swapped between two of these reads: what is told of was the same twice.
    for (let attempt = 1; attempt < ATTEMPTS_MAX && this.#differs(found); attempt++) {
      const before = found;
      found = await this.#read();
      if (isSame(before, found)) break;
    }
    const changes: FileChange[] = [];
    for (const [path, { content, digest }] of found) {
      if (digest === this.#seen.get(path)) continue;
      if (digest === undefined) this.#seen.delete(path);
      else this.#seen.set(path, digest);
      changes.push({ path, content });
    }
    return changes;
  }

  #differs(found: Found): boolean {
    for (const [path, { digest }] of found) if (digest !== this.#seen.get(path)) return true;
    return false;
  }

  async #read(): Promise<Found> {
    const listed = (await this.#watched.list()).slice(0, DIRECTORY_FILES_MAX);
    const found: Found = new Map();
    // What was there at the last look and is no longer listed is looked at once more: it is gone.
    for (const path of new Set([...listed, ...this.#seen.keys()])) {
      const content = await readOrNone(path);
      found.set(path, { content, digest: content === undefined ? undefined : sha256Hex(content) });
    }
    return found;
  }
}

/** What is there: bytes and their digest by path; nothing of both if it is gone or cannot be read. */
type Found = Map<string, { readonly content: Uint8Array | undefined; readonly digest: string | undefined }>;

function isSame(one: Found, other: Found): boolean {
  if (one.size !== other.size) return false;
  for (const [path, { digest }] of one) if (other.get(path)?.digest !== digest) return false;
  return true;
}

async function readOrNone(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFileBytes(path, FILE_SIZE_BYTES_MAX);
  } catch {
    return undefined;
  }
}
