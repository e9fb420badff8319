// One list or watch request of a follower: sent, parsed as its bytes are asked for, never read ahead.
import { assert } from "@coracle/base";
import type { HttpResponse } from "@coracle/runtime";
import {
  formatQuery,
  type JsonStreamOptions,
  JsonStreamParser,
  type JsonStreamOutput,
  type ListWatchInput,
  type ListWatchMode,
  type ListOptions,
  parseRetryAfter,
} from "../mod.ts";
import { statusOfAnswer } from "./status-response.ts";
import type { KubeTransport } from "./transport.ts";

const ERROR_BYTES_MAX = 1024 * 1024;

/** What a {@link FollowRequest} needs. */
export interface FollowRequestOptions {
  readonly id: number;
  readonly mode: ListWatchMode;
  readonly query: ListOptions;
  readonly transport: KubeTransport;
  readonly path: string;
  /** The path's name in metrics. */
  readonly route: string;
  readonly accept: string;
  readonly parser: Omit<JsonStreamOptions, "mode">;
  /** Called when something may have changed: an answer, a chunk, the end. */
  readonly onProgress: () => void;
}

/** Inputs of the machine that come from the wire, apart from what the parser says. */
type WireInput = Extract<ListWatchInput, { readonly kind: "opened" | "refused" | "closed" }>;

/**
 * A request in flight. Bytes move only by {@link read}: between two calls the parser holds at most one chunk, and the connection's
 * window is what the server can send ahead.
 */
export class FollowRequest {
  readonly id: number;
  readonly #options: FollowRequestOptions;
  readonly #abort: AbortController = new AbortController();
  readonly #parser: JsonStreamParser;
  #body: AsyncIterator<Uint8Array> | undefined;
  #isReading = false;
  #isCancelled = false;
  #input: WireInput | undefined;
  #bytesRead = 0;

  constructor(options: FollowRequestOptions) {
    this.id = options.id;
    this.#options = options;
    this.#parser = new JsonStreamParser({ ...options.parser, mode: options.mode === "list" ? "list" : "watch" });
    void this.#send();
  }

  /** Bytes of the body read since the last call. */
  takeBytesRead(): number {
    const sizeBytes = this.#bytesRead;
    this.#bytesRead = 0;
    return sizeBytes;
  }

  /** What the parser makes of the bytes read so far; `undefined` when it needs more. */
  parse(): JsonStreamOutput | undefined {
    return this.#parser.next();
  }

  /** The head of the answer, or how the exchange ended; to be asked only when {@link parse} has nothing more. */
  takeInput(): WireInput | undefined {
    const input = this.#input;
    this.#input = undefined;
    return input;
  }

  /** Asks for one more chunk; nothing happens when one is on its way, or none can come. */
  read(): void {
    const body = this.#body;
    if (body === undefined || this.#isReading || this.#isCancelled) return;
    assert(this.#input === undefined, "Cannot read on as the last input was not taken");
    this.#isReading = true;
    body.next().then(
      (result) => this.#onChunk(result),
      (error: unknown) => this.#close(describeFailure(error)),
    );
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#body = undefined;
    this.#abort.abort();
  }

  async #send(): Promise<void> {
    const { transport, path, route, query, accept } = this.#options;
    try {
      const response = await transport.send({
        method: "GET",
        path,
        route,
        query: formatQuery(query),
        headers: { accept },
        signal: this.#abort.signal,
      });
      if (this.#isCancelled) response.cancel();
      else if (response.status >= 300) await this.#refuse(response);
      else {
        this.#body = response.body[Symbol.asyncIterator]();
        this.#tell({ kind: "opened", id: this.id });
      }
    } catch (error) {
      this.#close(describeFailure(error));
    }
  }

  async #refuse(response: HttpResponse): Promise<void> {
    const { status: code, headers } = response;
    const wallMs = this.#options.transport.clock.wallMs();
    const body = await response.text(ERROR_BYTES_MAX).catch(() => "");
    const retryAfterMs = parseRetryAfter(headers["retry-after"], wallMs);
    this.#tell({
      kind: "refused",
      id: this.id,
      status: statusOfAnswer({ code, headers, body, wallMs }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }

  #onChunk(result: IteratorResult<Uint8Array>): void {
    this.#isReading = false;
    if (this.#isCancelled) return;
    if (result.done === true) {
      // Whether the document is whole is the parser's to say, before the machine hears of the end.
      this.#parser.end();
      this.#close(undefined);
      return;
    }
    this.#bytesRead += result.value.length;
    this.#parser.push(result.value);
    this.#options.onProgress();
  }

  #close(error: string | undefined): void {
    this.#body = undefined;
    this.#isReading = false;
    this.#tell({ kind: "closed", id: this.id, ...(error === undefined ? {} : { error }) });
  }

  #tell(input: WireInput): void {
    if (this.#isCancelled) return;
    this.#input = input;
    this.#options.onProgress();
  }
}

/** The words of a failure; those of our own errors hold no secrets. */
function describeFailure(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
