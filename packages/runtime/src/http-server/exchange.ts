// One request with its response, the same for HTTP/1.1 (RFC 9112) and HTTP/2 (RFC 9113).
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { Readable, Writable } from "node:stream";
import { RuntimeError } from "../runtime-error.ts";

/** What the handler's Request is read from and its answer written to. */
export interface Exchange {
  readonly isHttp2: boolean;
  readonly method: string;
  /** Path and query, or an absolute URL if the client sent one. */
  readonly target: string;
  /** The request's authority as sent. */
  readonly host: string | undefined;
  /** Names and values in turn; HTTP/2 pseudo headers among them. */
  readonly rawHeaders: readonly string[];
  readonly source: Readable;
  readonly sink: Writable;
  /** True once {@link head} was called. */
  readonly isHeadSent: boolean;
  /** Once the sink is closed: true if the client did not get the whole answer. */
  readonly isBroken: boolean;
  /** Sends status and headers at once; `isEnd` says that no body follows. */
  head(status: number, headers: OutgoingHttpHeaders, isEnd: boolean): void;
  /** Makes the head go out now although no body follows yet. */
  flushHead(): void;
  /** Breaks off, so that the client does not take what it has for complete. */
  cut(): void;
}

/** An exchange of HTTP/1.1. */
export class Http1Exchange implements Exchange {
  readonly isHttp2 = false;
  readonly source: IncomingMessage;
  readonly sink: ServerResponse;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.source = request;
    this.sink = response;
  }

  get method(): string {
    return this.source.method ?? "GET";
  }

  get target(): string {
    return this.source.url ?? "/";
  }

  get host(): string | undefined {
    return this.source.headers.host;
  }

  get rawHeaders(): readonly string[] {
    return this.source.rawHeaders;
  }

  get isHeadSent(): boolean {
    return this.sink.headersSent;
  }

  get isBroken(): boolean {
    return !this.sink.writableFinished;
  }

  head(status: number, headers: OutgoingHttpHeaders, isEnd: boolean): void {
    this.sink.writeHead(status, headers);
    if (isEnd) this.sink.end();
  }

  flushHead(): void {
    this.sink.flushHeaders();
  }

  cut(): void {
    this.sink.destroy();
  }
}

/** An exchange of HTTP/2. */
export class Http2Exchange implements Exchange {
  readonly isHttp2 = true;
  readonly rawHeaders: readonly string[];
  readonly source: ServerHttp2Stream;
  readonly sink: ServerHttp2Stream;
  readonly #headers: IncomingHttpHeaders;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: readonly string[]) {
    this.source = stream;
    this.sink = stream;
    this.#headers = headers;
    this.rawHeaders = rawHeaders;
  }

  get method(): string {
    return this.#headers[":method"] ?? "GET";
  }

  get target(): string {
    return this.#headers[":path"] ?? "/";
  }

  get host(): string | undefined {
    return this.#headers[":authority"] ?? this.#headers.host;
  }

  get isHeadSent(): boolean {
    return this.sink.headersSent;
  }

  get isBroken(): boolean {
    // A stream the client reset counts as finished too.
    return this.sink.aborted || !this.sink.writableFinished;
  }

  head(status: number, headers: OutgoingHttpHeaders, isEnd: boolean): void {
    headers[":status"] = status;
    this.sink.respond(headers, { endStream: isEnd });
  }

  flushHead(): void {
    // `respond` has sent it.
  }

  cut(): void {
    // Closing with a code would first end the stream in good order.
    this.sink.destroy(new RuntimeError("CUT", "Cannot finish the answer as its handler failed"));
  }
}
