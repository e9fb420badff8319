// One HTTP/2 connection (RFC 9113): streams up to the server's limit, PING when idle, GOAWAY with replay.
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import type { Socket } from "node:net";
import { startTimer, systemClock, type Timer } from "../clock.ts";
import { http2Module } from "../late-modules.ts";
import { runtimeName } from "../process.ts";
import { messageOf } from "../runtime-error.ts";
import type { ClientConnection, ConnectionEvents } from "./client-connection.ts";
import type { Counters } from "./counters.ts";
import { bodySizeBytes, type PendingRequest } from "./pending-request.ts";
import type { ResponseSource } from "./response.ts";
import { HttpClientError } from "./types.ts";

/** What the server may send ahead on one stream: the bound of an unread body, with what node's stream buffers. */
const STREAM_WINDOW_BYTES = 256 * 1024;
/**
 * What may be under way on all streams together; unread bodies do not count, runtimes give their share back at once.
 * Bun 1.4 sends no more window updates for streams if this is more than twice a stream's window.
 */
const CONNECTION_WINDOW_BYTES = runtimeName() === "bun" ? 2 * STREAM_WINDOW_BYTES : 4 * 1024 * 1024;
/** Streams before the server says how many it takes (RFC 9113 §6.5.2 advises at least 100). */
const STREAMS_MAX_DEFAULT = 100;
const HEADERS_SIZE_BYTES_MAX = 1024 * 1024;
/** Error codes (RFC 9113 §7). */
const NO_ERROR = 0x0;
const REFUSED_STREAM = 0x7;
const CANCEL = 0x8;

/** Timing and limits of a connection. */
export interface Http2ConnectionOptions {
  readonly streamsMax: number;
  readonly pingIdleMs: number;
  readonly pingTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

interface Exchange {
  readonly request: PendingRequest;
  readonly stream: ClientHttp2Stream;
}

/** A connection over a socket on which ALPN chose `h2`. */
export class Http2Connection implements ClientConnection {
  readonly #socket: Socket;
  readonly #session: ClientHttp2Session;
  readonly #options: Http2ConnectionOptions;
  readonly #counters: Counters;
  readonly #events: ConnectionEvents;
  readonly #exchanges: Set<Exchange> = new Set();
  #state: "starting" | "open" | "draining" | "closed" = "starting";
  #lastFrameMs: number = systemClock.now();
  #idleSinceMs: number = systemClock.now();
  #timer: Timer | undefined;
  /** Streams above it were never looked at; set by GOAWAY. */
  #lastStreamId: number = Number.POSITIVE_INFINITY;
  #failure: HttpClientError | undefined;

  constructor(
    socket: Socket,
    authority: string,
    setup: {
      readonly options: Http2ConnectionOptions;
      readonly counters: Counters;
      readonly events: ConnectionEvents;
    },
  ) {
    this.#socket = socket;
    this.#options = setup.options;
    this.#counters = setup.counters;
    this.#events = setup.events;
    this.#session = http2Module().connect(authority, {
      createConnection: () => socket,
      settings: {
        enablePush: false,
        initialWindowSize: STREAM_WINDOW_BYTES,
        maxHeaderListSize: HEADERS_SIZE_BYTES_MAX,
      },
    });
    this.#listen();
    this.#armTimer();
  }

  get capacity(): number {
    if (this.#state !== "open") return 0;
    const allowed = this.#session.remoteSettings.maxConcurrentStreams ?? STREAMS_MAX_DEFAULT;
    return Math.max(0, Math.min(allowed, this.#options.streamsMax) - this.#exchanges.size);
  }

  get active(): number {
    return this.#exchanges.size;
  }

  get isDraining(): boolean {
    return this.#state === "draining";
  }

  send(request: PendingRequest): void {
    const { body } = request.request;
    let stream: ClientHttp2Stream;
    try {
      stream = this.#session.request(requestHeaders(request), {
        endStream: body === undefined,
      });
    } catch (thrown) {
      // The session ended between the look at its capacity and now.
      this.drain();
      request.fail(
        new HttpClientError("GOAWAY", `Cannot send ${request.label} as ${messageOf(thrown)}`, {
          cause: thrown,
          isUnprocessed: true,
        }),
      );
      return;
    }
    const exchange: Exchange = { request, stream };
    this.#exchanges.add(exchange);
    request.cancelExchange = () => stream.close(CANCEL);
    this.#follow(exchange);
    if (body !== undefined) stream.end(body);
  }

  drain(): void {
    if (this.#state === "draining" || this.#state === "closed") return;
    this.#state = "draining";
    this.#events.onDraining();
    this.#closeIfDone();
  }

  destroy(error: HttpClientError): void {
    if (this.#state === "closed") return;
    this.#failure ??= error;
    this.#close();
    this.#socket.destroy();
    this.#session.destroy();
  }

  #listen(): void {
    const session = this.#session;
    session.on("remoteSettings", () => {
      this.#sawFrame();
      if (this.#state !== "starting") return;
      this.#state = "open";
      session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
      this.#events.onCapacity();
    });
    session.on("goaway", (code, lastStreamId) => this.#onGoaway(code, lastStreamId));
    session.on("error", (thrown) => {
      this.#failure ??= new HttpClientError("RESET", `Cannot go on as the connection broke: ${messageOf(thrown)}`, {
        cause: thrown,
      });
    });
    session.on("close", () => this.#close());
  }

  #follow(exchange: Exchange): void {
    const { request, stream } = exchange;
    let failure: unknown;
    stream.on("response", (headers) => {
      this.#sawFrame();
      request.respond(
        {
          status: headers[":status"] ?? 0,
          headers: responseHeaders(headers),
          httpVersion: "2",
        },
        this.#sourceOf(stream, () => failure),
      );
    });
    stream.on("error", (thrown) => {
      failure = thrown;
    });
    stream.on("close", () => {
      this.#sawFrame();
      if (!this.#exchanges.delete(exchange)) return;
      // Without effect on a request that has its response; the body's reader looks at the stream itself.
      if (!request.isSettled) request.fail(this.#streamError(stream, failure));
      this.#idleSinceMs = systemClock.now();
      if (this.#state === "open") this.#events.onCapacity();
      this.#closeIfDone();
    });
  }

  #sourceOf(stream: ClientHttp2Stream, failure: () => unknown): ResponseSource {
    stream.on("data", () => this.#sawFrame());
    return {
      stream,
      cancel: () => {
        if (!stream.closed) stream.close(CANCEL);
        // Unread data would keep a stream that the server has ended from ever closing.
        stream.destroy();
      },
      failure: (isEnded) =>
        isEnded && stream.rstCode === NO_ERROR && failure() === undefined
          ? undefined
          : this.#streamError(stream, failure()),
    };
  }

  #streamError(stream: ClientHttp2Stream, thrown: unknown): HttpClientError {
    const code = stream.rstCode;
    const isAbove = stream.id === undefined || stream.id > this.#lastStreamId;
    const isRefused = code === REFUSED_STREAM;
    if (isAbove || isRefused) {
      return new HttpClientError("GOAWAY", "Cannot finish the request as the server did not take its stream", {
        cause: thrown,
        isUnprocessed: true,
      });
    }
    if (this.#failure !== undefined) return this.#failure;
    const why = thrown === undefined ? `code ${code ?? "none"}` : messageOf(thrown);
    return new HttpClientError(
      Number.isFinite(this.#lastStreamId) ? "GOAWAY" : "RESET",
      `Cannot finish the request as its stream was reset: ${why}`,
      { cause: thrown },
    );
  }

  /** RFC 9113 §6.8: streams up to `lastStreamId` go on, those above were never looked at. */
  #onGoaway(code: number, lastStreamId: number): void {
    this.#sawFrame();
    this.#counters.goawaysReceived++;
    this.#lastStreamId = Math.min(this.#lastStreamId, lastStreamId);
    if (code !== NO_ERROR) {
      this.#failure ??= new HttpClientError(
        "GOAWAY",
        `Cannot go on as the server ended the connection with code ${code}`,
      );
    }
    for (const { stream } of this.#exchanges) if ((stream.id ?? 0) > lastStreamId) stream.close(REFUSED_STREAM);
    this.drain();
  }

  #closeIfDone(): void {
    // Without a GOAWAY of our own: the server learns nothing from it, and Deno 2.9 may crash on one (denoland/deno#36788).
    if (this.#state === "draining" && this.#exchanges.size === 0) this.#socket.end(() => this.#socket.destroy());
  }

  #close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#timer?.cancel();
    const lost = [...this.#exchanges];
    this.#exchanges.clear();
    this.#failure ??= new HttpClientError("RESET", "Cannot go on as the connection was closed");
    for (const { request, stream } of lost) request.fail(this.#streamError(stream, undefined));
    this.#events.onClosed();
  }

  #sawFrame(): void {
    this.#lastFrameMs = systemClock.now();
  }

  /** One timer for both: PING after silence, close after disuse. */
  #armTimer(): void {
    const { pingIdleMs, idleTimeoutMs } = this.#options;
    const nowMs = systemClock.now();
    const untilPingMs = pingIdleMs > 0 ? this.#lastFrameMs + pingIdleMs - nowMs : idleTimeoutMs;
    const untilIdleMs = this.#exchanges.size === 0 ? this.#idleSinceMs + idleTimeoutMs - nowMs : idleTimeoutMs;
    this.#timer = startTimer(Math.max(1, Math.min(untilPingMs, untilIdleMs)), () => this.#onTimer(), {
      keepsProcessAlive: false,
    });
  }

  #onTimer(): void {
    const { pingIdleMs, idleTimeoutMs } = this.#options;
    const nowMs = systemClock.now();
    if (this.#exchanges.size === 0 && nowMs - this.#idleSinceMs >= idleTimeoutMs) this.drain();
    else if (pingIdleMs > 0 && nowMs - this.#lastFrameMs >= pingIdleMs) this.#ping();
    else this.#armTimer();
  }

  #ping(): void {
    this.#counters.pingsSent++;
    const { pingTimeoutMs } = this.#options;
    this.#timer = startTimer(
      pingTimeoutMs,
      () => {
        this.#counters.pingsLost++;
        this.destroy(
          new HttpClientError("PING_TIMEOUT", `Cannot go on as the server answered no PING within ${pingTimeoutMs} ms`),
        );
      },
      { keepsProcessAlive: false },
    );
    this.#session.ping((error) => {
      if (error !== null || this.#state === "closed") return;
      this.#sawFrame();
      this.#timer?.cancel();
      this.#armTimer();
    });
  }
}

/** Not allowed in HTTP/2 (RFC 9113 §8.2.2); the host becomes `:authority`. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  "connection",
  "host",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

function requestHeaders(pending: PendingRequest): OutgoingHttpHeaders {
  const { request, url } = pending;
  const headers: OutgoingHttpHeaders = {
    ":method": request.method,
    ":scheme": "https",
    ":authority": url.host,
    ":path": url.pathname + url.search,
  };
  if (request.gzip === true) headers["accept-encoding"] = "gzip";
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    const lower = name.toLowerCase();
    if (lower === "host") headers[":authority"] = String(value);
    else if (!LEFT_OUT.has(lower)) headers[lower] = typeof value === "string" ? value : [...value];
  }
  if (request.body !== undefined) headers["content-length"] = bodySizeBytes(request.body);
  return headers;
}

function responseHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name.startsWith(":")) continue;
    plain[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return plain;
}
