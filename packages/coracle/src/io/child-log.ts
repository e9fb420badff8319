// What a child writes to standard error: kept in a file of bounded size, its last lines at hand for an error message.
import { Ring } from "@coracle/base";
import { appendFile, removePath, renamePath, statPath } from "@coracle/runtime";

const FILE_SIZE_BYTES_MAX = 8 << 20;
const LAST_LINES = 20;
const LINE_LENGTH_MAX = 4096;

/** Copies a stream to `path`, moving it to `path.1` when it is full, so that two files bound the space. */
export class ChildLog {
  readonly path: string;
  readonly #last = new Ring<string>(LAST_LINES);
  #partial = "";

  constructor(path: string) {
    this.path = path;
  }

  /** The last whole line, or "" if there was none. */
  get lastLine(): string {
    return this.#last.at(this.#last.size - 1) ?? "";
  }

  /** Reads `stream` to its end. A full disk stops the copying, never the reading: the child must not block. */
  async copy(stream: AsyncIterable<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let sizeBytes = (await statPath(this.path).catch(() => undefined))?.sizeBytes ?? 0;
    for await (const chunk of stream) {
      this.#remember(decoder.decode(chunk, { stream: true }));
      if (sizeBytes + chunk.length > FILE_SIZE_BYTES_MAX) {
        await removePath(`${this.path}.1`).catch(() => undefined);
        await renamePath(this.path, `${this.path}.1`).catch(() => undefined);
        sizeBytes = 0;
      }
      sizeBytes += chunk.length;
      await appendFile(this.path, chunk).catch(() => undefined);
    }
  }

  #remember(text: string): void {
    const lines = (this.#partial + text).split("\n");
    this.#partial = (lines.pop() ?? "").slice(0, LINE_LENGTH_MAX);
    for (const line of lines) {
      if (this.#last.full) this.#last.shift();
      this.#last.push(line.slice(0, LINE_LENGTH_MAX));
    }
  }
}
