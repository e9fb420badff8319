// The pre-shared keys of devices, from a file, a directory or both, which are followed: what is bad leaves the old keys in force.
import { err, ok, type Result } from "@coracle/base";
import { ExitError, type Logger } from "@coracle/lifecycle";
import {
  baseName,
  DIRECTORY_FILES_MAX,
  type FileWatch,
  listVisible,
  readTextFile,
  sleep,
  watchDirectory,
  watchFiles,
} from "@coracle/runtime";
import { parseKeyOf, parsePskFileInSteps, type PskTable } from "../core/psk-file.ts";
import { layOutPskIndex, layOutPskIndexInSteps, type PskMemory } from "../core/psk-index.ts";
import { type Steps, stepByStep } from "../core/steps.ts";

const FILE_SIZE_BYTES_MAX = 16 * 1024 * 1024;
/** Of a file with one key: twice what the longest takes in base64. */
const KEY_FILE_SIZE_BYTES_MAX = 176;

/** Where keys are; at least one of both. */
export interface PskSources {
  /** Identities and keys, one pair a line. */
  readonly file: string | undefined;
  /** A file for each key, named by its identity: a mounted Secret. Names that begin with a dot are the mount's own. */
  readonly directory: string | undefined;
}

/** Keys by identity, as the files have them now. */
export class PskStore {
  readonly #sources: PskSources;
  readonly #log: Logger;
  readonly #watches: FileWatch[] = [];
  #size = 0;
  #memory: PskMemory = layOutPskIndex(new Map());
  #listener: () => void = () => undefined;
  #reading: Promise<void> = Promise.resolve();
  #accepted = 0;
  #refused = 0;

  private constructor(sources: PskSources, log: Logger) {
    this.#sources = sources;
    this.#log = log;
  }

  /** Reads the files and follows them. What cannot be used at the start is an {@link ExitError}. */
  static async open(sources: PskSources, log: Logger): Promise<PskStore> {
    const store = new PskStore(sources, log);
    // A watch that is ready before the first read sees every change after it.
    store.#watch();
    await Promise.all(store.#watches.map(({ ready }) => ready));
    const read = await readAll(sources);
    if (!read.ok) {
      store.close();
      throw new ExitError(read.error);
    }
    await store.#take(read.value);
    log.info("Keys read", { ...sources, identities: store.size });
    return store;
  }

  /** The keys in force, in memory that workers can share. */
  get memory(): PskMemory {
    return this.#memory;
  }

  /** Called when there are new keys. */
  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  /** Identities that have a key. */
  get size(): number {
    return this.#size;
  }

  /** Changes since the start. */
  get counts(): Readonly<Record<"accepted" | "refused", number>> {
    return { accepted: this.#accepted, refused: this.#refused };
  }

  close(): void {
    for (const watch of this.#watches.splice(0)) watch.close();
  }

  #watch(): void {
    const { file, directory } = this.#sources;
    const onChange = (): void => {
      // One reading at a time, in order: an older one must not overwrite a newer one.
      this.#reading = this.#reading.then(() => this.#reload());
    };
    if (file !== undefined) this.#watches.push(watchFiles([file], { onChange }));
    if (directory !== undefined) this.#watches.push(watchDirectory(directory, { onChange }));
  }

  async #take(table: PskTable): Promise<void> {
    this.#memory = await inTurns(layOutPskIndexInSteps(table));
    this.#size = table.size;
  }

  async #reload(): Promise<void> {
    const read = await readAll(this.#sources);
    if (read.ok) {
      await this.#take(read.value);
      this.#accepted++;
      this.#listener();
      this.#log.info("Keys read", { ...this.#sources, identities: this.size });
    } else {
      this.#refused++;
      this.#log.error("Keys refused, the old stay in force", { ...this.#sources, reason: read.error });
    }
  }
}

/** Does long work with turns of the event loop in between: half a million keys take a second. */
function inTurns<T>(steps: Steps<T>): Promise<T> {
  return stepByStep(steps, () => sleep(0));
}

/** All keys, or why they cannot be used: as a whole, since half of them would look like revocation. */
async function readAll({ file, directory }: PskSources): Promise<Result<PskTable, string>> {
  try {
    const listed = file === undefined ? ok(new Map<string, Uint8Array>()) : await readList(file);
    return directory === undefined || !listed.ok ? listed : await readDirectory(directory, listed.value);
  } catch (error) {
    return err(error instanceof Error ? error.message : "Cannot read the keys");
  }
}

async function readList(path: string): Promise<Result<PskTable, string>> {
  const text = await readTextFile(path, FILE_SIZE_BYTES_MAX);
  // As a file is for a moment that is being written in place: that must not lock everyone out.
  if (text === "") return err("Cannot use the key file as it is empty: one that is to hold no key needs a comment");
  const parsed = await inTurns(parsePskFileInSteps(text, decodeBase64));
  return parsed.ok ? parsed : err(parsed.error.message);
}

async function readDirectory(directory: string, listed: PskTable): Promise<Result<PskTable, string>> {
  const table = new Map(listed);
  const paths = await listVisible(directory);
  if (paths.length > DIRECTORY_FILES_MAX) {
    return err(`Cannot read the keys in ${directory}: of ${paths.length} files ${DIRECTORY_FILES_MAX} are the most`);
  }
  for (const path of paths) {
    const identity = baseName(path);
    const key = parseKeyOf(identity, await readTextFile(path, KEY_FILE_SIZE_BYTES_MAX), decodeBase64);
    if (!key.ok) return err(key.error.message);
    if (table.has(identity)) return err(`Cannot read the key file ${identity}: its identity is in the list too`);
    table.set(identity, key.value);
  }
  return ok(table);
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
