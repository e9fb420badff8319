// A file with a list in it that is followed: what cannot be used leaves the old list in force.
import { type Result } from "@coracle/base";
import { ExitError, type Logger } from "@coracle/lifecycle";
import { type FileWatch, readTextFile, watchFiles } from "@coracle/runtime";

const FILE_SIZE_BYTES_MAX = 64 * 1024;

/** Which file, and what is in it. */
export interface ListFileOptions<Item> {
  /** Absent: an empty list for ever. */
  readonly file: string | undefined;
  readonly parse: (text: string) => Result<readonly Item[], { readonly message: string }>;
  /** Why a list that was read must not be used, beyond its form. */
  readonly problem?: (items: readonly Item[]) => Promise<string | undefined>;
  readonly log: Logger;
  readonly onChange: () => void;
}

/** The newest list that could be used. */
export class ListFile<Item> {
  readonly #options: ListFileOptions<Item>;
  #items: readonly Item[] = [];
  #watch: FileWatch | undefined;

  constructor(options: ListFileOptions<Item>) {
    this.#options = options;
  }

  get items(): readonly Item[] {
    return this.#items;
  }

  /** Reads the file, if there is one, and follows it. One that cannot be used at the start is an {@link ExitError}. */
  async start(): Promise<void> {
    const { file } = this.#options;
    if (file === undefined) return;
    this.#watch = watchFiles([file], { onChange: () => void this.#reload(file) });
    // A watch that is ready before the first read sees every change after it.
    await this.#watch.ready;
    const refusal = await this.#read(file);
    if (refusal === undefined) return;
    this.close();
    throw new ExitError(refusal);
  }

  close(): void {
    this.#watch?.close();
  }

  async #reload(file: string): Promise<void> {
    const { log, onChange } = this.#options;
    const refusal = await this.#read(file);
    if (refusal !== undefined) {
      log.error("List of nodes refused, the old stays in force", { file, reason: refusal });
      return;
    }
    log.info("List of nodes read", { file, nodes: this.#items.length });
    onChange();
  }

  async #read(file: string): Promise<string | undefined> {
    const { parse, problem } = this.#options;
    let text: string;
    try {
      text = await readTextFile(file, FILE_SIZE_BYTES_MAX);
    } catch (error) {
      return error instanceof Error ? error.message : "Cannot read the list of nodes";
    }
    const parsed = parse(text);
    if (!parsed.ok) return parsed.error.message;
    const refusal = await problem?.(parsed.value);
    if (refusal === undefined) this.#items = parsed.value;
    return refusal;
  }
}
