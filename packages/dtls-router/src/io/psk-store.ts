// The pre-shared keys of devices, from a file that is followed: a bad new version leaves the old one in force.
import { ExitError, type Logger } from "@coracle/lifecycle";
import { type FileWatch, readTextFile, watchFiles } from "@coracle/runtime";
import { parsePskFile, type PskTable } from "../core/psk-file.ts";
import { layOutPskIndex, type PskMemory } from "../core/psk-index.ts";

const FILE_SIZE_BYTES_MAX = 16 * 1024 * 1024;

/** Keys by identity, as the file has them now. */
export class PskStore {
  readonly #path: string;
  readonly #log: Logger;
  #table: PskTable = new Map();
  #listener: () => void = () => undefined;
  #watch: FileWatch | undefined;
  #reloads = 0;
  #refusals = 0;

  private constructor(path: string, log: Logger) {
    this.#path = path;
    this.#log = log;
  }

  /** Reads the file and follows it. A file that cannot be used at the start is an {@link ExitError}. */
  static async open(path: string, log: Logger): Promise<PskStore> {
    const store = new PskStore(path, log);
    // Watching begins before the first read: a change in between is seen.
    store.#watch = watchFiles([path], { onChange: () => void store.reload() });
    const refusal = await store.#read();
    if (refusal !== undefined) {
      store.close();
      throw new ExitError(refusal);
    }
    return store;
  }

  /** The keys in force, in memory that workers can share. */
  get memory(): PskMemory {
    return layOutPskIndex(this.#table);
  }

  /** Called when there are new keys. */
  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  get size(): number {
    return this.#table.size;
  }

  get counts(): { readonly reloads: number; readonly refusals: number } {
    return { reloads: this.#reloads, refusals: this.#refusals };
  }

  /** Reads the file now. */
  async reload(): Promise<void> {
    const refusal = await this.#read();
    if (refusal === undefined) {
      this.#reloads++;
      this.#listener();
      this.#log.info("Keys read", { path: this.#path, keys: this.#table.size });
    } else {
      this.#refusals++;
      this.#log.error("Keys refused, the old stay in force", { path: this.#path, reason: refusal });
    }
  }

  close(): void {
    this.#watch?.close();
  }

  async #read(): Promise<string | undefined> {
    let text: string;
    try {
      text = await readTextFile(this.#path, FILE_SIZE_BYTES_MAX);
    } catch (error) {
      return error instanceof Error ? error.message : "Cannot read the key file";
    }
    const parsed = parsePskFile(text, decodeBase64);
    if (!parsed.ok) return parsed.error.message;
    this.#table = parsed.value;
    return undefined;
  }
}

/** Base64 as in RFC 4648 §4, with or without padding; `undefined` for anything else. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
