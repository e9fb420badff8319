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
  type ProtobufKind,
  decodeProtobufStatus,
  ProtobufStreamParser,
} from "../mod.ts";
import { acceptHeader, type AcceptOptions, isProtobufMediaType } from "./media-type.ts";
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
  readonly accept: Omit<AcceptOptions, "protobuf">;
  readonly parser: Omit<JsonStreamOptions, "mode">;
  /** How to read protobuf; it is asked for when this is set. */
  readonly protobuf: ProtobufKind | undefined;
  /** Called when the server's protobuf has what only JSON can tell: the next request is to do without. */
  readonly onJsonNeeded: () => void;
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
  #abort: AbortController = new AbortController();
  #parser: JsonStreamParser | ProtobufStreamParser;
  #protobuf: ProtobufKind | undefined;
  #hasOpened = false;
  #hasAnswered = false;
  #body: AsyncIterator<Uint8Array> | undefined;
  #isReading = false;
  #isCancelled = false;
  #input: WireInput | undefined;
  #bytesRead = 0;

  constructor(options: FollowRequestOptions) {
    this.id = options.id;
    this.#options = options;
    this.#protobuf = options.protobuf;
    this.#parser = new JsonStreamParser({ ...options.parser, mode: this.#bodyMode() });
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
    const output = this.#parser.next();
    if (output?.kind === "error" && output.code === "UNKNOWN_FIELD" && this.#protobuf !== undefined) {
      this.#protobuf = undefined;
      this.#options.onJsonNeeded();
      if (!this.#hasAnswered) {
        this.#sendAgain();
        return undefined;
      }
    }
    if (output !== undefined) this.#hasAnswered = true;
    return output;
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
      (result) => {
        if (body === this.#body) this.#onChunk(result);
      },
      (error: unknown) => {
        if (body === this.#body) this.#close(describeFailure(error));
      },
    );
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#body = undefined;
    this.#abort.abort();
  }

  #bodyMode(): "list" | "watch" {
    return this.#options.mode === "list" ? "list" : "watch";
  }

  /** Nothing of the answer has been told, so another may take its place. */
  #sendAgain(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#body = undefined;
    this.#isReading = false;
    this.#input = undefined;
    this.#parser = new JsonStreamParser({ ...this.#options.parser, mode: this.#bodyMode() });
    void this.#send();
  }

  async #send(): Promise<void> {
    const { transport, path, route, query, mode, accept } = this.#options;
    const abort = this.#abort;
    const shape = mode === "list" ? "list" : "watch";
    try {
      const response = await transport.send({
        method: "GET",
        path,
        route,
        query: formatQuery(query),
        headers: { accept: acceptHeader(shape, { ...accept, protobuf: this.#protobuf !== undefined }) },
        signal: abort.signal,
      });
      if (this.#isCancelled) response.cancel();
      else if (response.status >= 300) await this.#refuse(response);
      else this.#open(response);
    } catch (error) {
      if (abort === this.#abort) this.#close(describeFailure(error));
    }
  }

  #open(response: HttpResponse): void {
    if (this.#protobuf !== undefined && isProtobufMediaType(response.headers["content-type"])) {
      const { projection, limits } = this.#options.parser;
      this.#parser = new ProtobufStreamParser({
        mode: this.#bodyMode(),
        kind: this.#protobuf,
        ...(projection === undefined ? {} : { projection }),
        ...(limits === undefined ? {} : { limits }),
      });
    }
    this.#body = response.body[Symbol.asyncIterator]();
    if (this.#hasOpened) this.#options.onProgress();
    else this.#tell({ kind: "opened", id: this.id });
    this.#hasOpened = true;
  }

  async #refuse(response: HttpResponse): Promise<void> {
    const { status: code, headers } = response;
    const wallMs = this.#options.transport.clock.wallMs();
    const bytes = await response.bytes(ERROR_BYTES_MAX).catch(() => new Uint8Array(0));
    const body = isProtobufMediaType(headers["content-type"])
      ? JSON.stringify(decodeProtobufStatus(bytes) ?? null)
      : new TextDecoder().decode(bytes);
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
