// The keys of encrypted connection IDs, from a file that is followed: a bad new version leaves the old one in force.
import { ExitError, type Logger } from "@coracle/lifecycle";
import { type FileWatch, readTextFile, watchFiles } from "@coracle/runtime";
import { parseCidKeyFile, replacementProblem } from "../core/cid-key-file.ts";
import type { QuicLbKeys } from "../core/quic-lb-layout.ts";

const FILE_SIZE_BYTES_MAX = 16 * 1024;
const USAGE_EXIT_CODE = 2;

/** The configurations in force. */
export class CidKeyStore {
  readonly #path: string;
  readonly #log: Logger;
  #keys: QuicLbKeys | undefined;
  #listener: (keys: QuicLbKeys) => void = () => undefined;
  #watch: FileWatch | undefined;
  #reading: Promise<void> = Promise.resolve();
  #replaced = 0;
  #refused = 0;

  private constructor(path: string, log: Logger) {
    this.#path = path;
    this.#log = log;
  }

  /** Reads the file and follows it. A file that cannot be used at the start is an {@link ExitError} with exit code 2. */
  static async open(path: string, log: Logger): Promise<CidKeyStore> {
    const store = new CidKeyStore(path, log);
    // A watch that is ready before the first read sees every change after it.
    store.#watch = watchFiles([path], { onChange: () => void store.reload() });
    await store.#watch.ready;
    const refusal = await store.#read();
    if (refusal === undefined) return store;
    store.close();
    throw new ExitError(`--cid-key-file: ${refusal}`, { exitCode: USAGE_EXIT_CODE });
  }

  /** The configurations in force. */
  get keys(): QuicLbKeys {
    return this.#keys ?? { active: 0, configurations: [] };
  }

  /** Versions of the file since the start. */
  get counts(): Readonly<Record<"replaced" | "refused", number>> {
    return { replaced: this.#replaced, refused: this.#refused };
  }

  /** Called when there are other keys. */
  onChange(listener: (keys: QuicLbKeys) => void): void {
    this.#listener = listener;
  }

  /** Reads the file now; one reading at a time. */
  reload(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#reload());
    return this.#reading;
  }

  close(): void {
    this.#watch?.close();
  }

  async #reload(): Promise<void> {
    const before = this.#keys;
    const refusal = await this.#read();
    if (refusal !== undefined) {
      this.#refused++;
      this.#log.error("Connection ID keys refused, the old stay in force", { path: this.#path, reason: refusal });
      return;
    }
    if (this.#keys === before) return;
    this.#replaced++;
    this.#listener(this.keys);
    const { active, configurations } = this.keys;
    this.#log.info("Connection ID keys read", {
      path: this.#path,
      active,
      configurations: configurations.map(({ id }) => id),
    });
  }

  async #read(): Promise<string | undefined> {
    let text: string;
    try {
      text = await readTextFile(this.#path, FILE_SIZE_BYTES_MAX);
    } catch (error) {
      return error instanceof Error ? error.message : "cannot read it";
    }
    const parsed = parseCidKeyFile(text);
    if (!parsed.ok) return parsed.error.message;
    const problem = this.#keys && replacementProblem(this.#keys, parsed.value);
    if (problem !== undefined) return problem.message;
    if (this.#keys === undefined || !isSame(this.#keys, parsed.value)) this.#keys = parsed.value;
    return undefined;
  }
}

/** Keys of one number are the same here: another would have been refused. */
function isSame(one: QuicLbKeys, other: QuicLbKeys): boolean {
  const ids = ({ configurations }: QuicLbKeys): string =>
    configurations
      .map(({ id }) => id)
      .toSorted((a, b) => a - b)
      .join();
  return one.active === other.active && ids(one) === ids(other);
}
