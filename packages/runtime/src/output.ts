// Standard output and error as bounded writers, standard input as bytes.
import process from "node:process";
import { isatty } from "node:tty";

/** Where lines go. Never blocks; tells how much is waiting. */
export interface OutputWriter {
  /** True if a person reads it. */
  readonly isTerminal: boolean;
  /** Width in columns if it is a terminal. */
  columns(): number | undefined;
  /** Height in rows if it is a terminal. */
  rows(): number | undefined;
  /** Queues text or bytes. False: the reader is slow, wait for {@link drained} before more. */
  write(chunk: string | Uint8Array): boolean;
  /** Resolves when everything queued is with the operating system, or the reader is gone. */
  drained(): Promise<void>;
  /** Bytes queued and not yet taken by the operating system. */
  pendingBytes(): number;
  /** Calls `handler` once if the reader goes away (`EPIPE`); later writes are dropped. */
  onGone(handler: () => void): void;
}

class StreamWriter implements OutputWriter {
  readonly #stream: NodeJS.WriteStream;
  readonly #descriptor: number;
  #isGone: boolean = false;
  #pendingBytes: number = 0;
  readonly #goneHandlers: (() => void)[] = [];
  readonly #waiting: Set<() => void> = new Set();

  constructor(stream: NodeJS.WriteStream, descriptor: number) {
    this.#stream = stream;
    this.#descriptor = descriptor;
    stream.on("error", () => this.#gone());
  }

  get isTerminal(): boolean {
    return isatty(this.#descriptor);
  }

  columns(): number | undefined {
    return this.isTerminal ? this.#stream.columns : undefined;
  }

  rows(): number | undefined {
    return this.isTerminal ? this.#stream.rows : undefined;
  }

  write(chunk: string | Uint8Array): boolean {
    if (this.#isGone) return true;
    const sizeBytes = typeof chunk === "string" ? new TextEncoder().encode(chunk).length : chunk.length;
    this.#pendingBytes += sizeBytes;
    return this.#stream.write(chunk, () => {
      this.#pendingBytes -= sizeBytes;
      if (this.#pendingBytes === 0) this.#wake();
    });
  }

  drained(): Promise<void> {
    if (this.#isGone || this.#pendingBytes === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  pendingBytes(): number {
    return this.#isGone ? 0 : this.#pendingBytes;
  }

  onGone(handler: () => void): void {
    this.#goneHandlers.push(handler);
  }

  #gone(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#wake();
    for (const handler of this.#goneHandlers) handler();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

let standardOutput: OutputWriter | undefined;
let standardError: OutputWriter | undefined;

/** This process's standard output. */
export function stdout(): OutputWriter {
  standardOutput ??= new StreamWriter(process.stdout, 1);
  return standardOutput;
}

/** This process's standard error. */
export function stderr(): OutputWriter {
  standardError ??= new StreamWriter(process.stderr, 2);
  return standardError;
}

/** True if a person can type into standard input. */
export function stdinIsTerminal(): boolean {
  return isatty(0);
}

/** Standard input, chunk by chunk; not reading stops the sender. */
export async function* stdin(): AsyncIterable<Uint8Array> {
  for await (const chunk of process.stdin as AsyncIterable<Uint8Array>) yield chunk;
}
