// Bearer tokens: fixed ones, and token files the kubelet rewrites while we run (client-go transport/token_source.go).
import type { Clock, Millis } from "@coracle/base";
import { readTextFile } from "@coracle/runtime";

/** Where the value of `Authorization: Bearer` comes from. */
export interface TokenSource {
  /** The token to send now. */
  token(): Promise<string>;
  /** The server answered 401 to a request that went out at `sentAt`: a token known since before then is stale. */
  reject(sentAt: Millis): void;
}

/** The file is reread at most this often… */
const PERIOD_MS = 60_000;
/** …and this long before the period ends, so that a copy is never older than the period. */
const LEEWAY_MS = 10_000;
/** A bound token is about 1 kB. */
const TOKEN_BYTES_MAX = 64 * 1024;

/** Always the same token. */
export class StaticTokenSource implements TokenSource {
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  async token(): Promise<string> {
    return this.#token;
  }

  reject(): void {
    // Nothing newer can be had.
  }
}

/** What a {@link FileTokenSource} needs. */
export interface FileTokenSourceOptions {
  readonly path: string;
  readonly clock: Clock;
  /** A token to begin with; the file takes over after the first period or the first 401. */
  readonly token?: string | undefined;
  /** Told when the file cannot be read or is empty; the old token stays in use. */
  readonly onReadError?: ((error: Error) => void) | undefined;
}

/** A token kept in a file. Reads are shared between callers; a failed one keeps the old token. */
export class FileTokenSource implements TokenSource {
  readonly #options: FileTokenSourceOptions;
  #token: string | undefined;
  #readAt: Millis;
  #isRejected = false;
  #reading: Promise<string> | undefined;

  constructor(options: FileTokenSourceOptions) {
    this.#options = options;
    this.#token = options.token;
    this.#readAt = options.clock.now();
  }

  async token(): Promise<string> {
    const ageMs = this.#options.clock.now() - this.#readAt;
    if (this.#token !== undefined && !this.#isRejected && ageMs < PERIOD_MS - LEEWAY_MS) return this.#token;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  reject(sentAt: Millis): void {
    if (this.#readAt <= sentAt) this.#isRejected = true;
  }

  async #read(): Promise<string> {
    const { path, clock, onReadError } = this.#options;
    try {
      const token = (await readTextFile(path, TOKEN_BYTES_MAX)).trim();
      if (token === "") throw new Error(`Cannot use token file "${path}": the file is empty`);
      this.#token = token;
      this.#readAt = clock.now();
      this.#isRejected = false;
      return token;
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      if (this.#token === undefined) throw failure;
      onReadError?.(failure);
      // The old token lives on, and the next attempt waits a period like any other read.
      this.#readAt = clock.now();
      this.#isRejected = false;
      return this.#token;
    }
  }
}
