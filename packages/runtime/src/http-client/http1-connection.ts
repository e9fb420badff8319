// One HTTP/1.1 connection (RFC 9112): one request at a time, kept alive between them unless the server says close.
import type { URL } from "node:url";
import { type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders, request as sendHttp1 } from "node:http";
import type { Socket } from "node:net";
import { startTimer, type Timer } from "../clock.ts";
import { codeOf, messageOf } from "../runtime-error.ts";
import type { ClientConnection, ConnectionEvents } from "./client-connection.ts";
import { bodySizeBytes, type PendingRequest } from "./pending-request.ts";
import { proxyAuthorization } from "./tunnel.ts";
import { HttpClientError } from "./types.ts";

const HEADERS_SIZE_BYTES_MAX = 1024 * 1024;

/** Methods a client may send again by itself (RFC 9110 §9.2.1). */
const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** A connection on which requests take turns. */
export class Http1Connection implements ClientConnection {
  readonly #socket: Socket;
  readonly #events: ConnectionEvents;
  readonly #idleTimeoutMs: number;
  /** Set if the other side is an HTTP proxy that wants absolute URLs. */
  readonly #proxy: URL | undefined;
  #request: PendingRequest | undefined;
  #sent: ClientRequest | undefined;
  #state: "open" | "draining" | "closed" = "open";
  #isReused: boolean = false;
  /** True once the response under way is read to its end. */
  #isComplete: boolean = false;
  #idle: Timer | undefined;
  #failure: HttpClientError | undefined;

  constructor(
    socket: Socket,
    setup: {
      readonly proxy: URL | undefined;
      readonly idleTimeoutMs: number;
      readonly events: ConnectionEvents;
    },
  ) {
    this.#socket = socket;
    this.#events = setup.events;
    this.#idleTimeoutMs = setup.idleTimeoutMs;
    this.#proxy = setup.proxy;
    socket.on("error", (thrown) => {
      this.#failure ??= broken(thrown);
    });
    socket.once("close", () => this.#close());
    // node:http says so once the response is read to its end and its parser off the socket.
    socket.on("free", () => this.#onExchangeDone());
    this.#waitForUse();
  }

  get capacity(): number {
    return this.#state === "open" && this.#request === undefined ? 1 : 0;
  }

  get active(): number {
    return this.#request === undefined ? 0 : 1;
  }

  get isDraining(): boolean {
    return this.#state === "draining";
  }

  send(request: PendingRequest): void {
    this.#idle?.cancel();
    this.#request = request;
    this.#isComplete = false;
    const sent = sendHttp1({
      createConnection: () => this.#socket,
      method: request.request.method,
      path: this.#target(request),
      headers: this.#headers(request),
      maxHeaderSize: HEADERS_SIZE_BYTES_MAX,
      setDefaultHeaders: false,
    });
    this.#sent = sent;
    request.cancelExchange = () => this.#cut(request);
    sent.on("response", (response) => this.#onResponse(request, response));
    sent.on("error", (thrown) => this.#onError(request, thrown));
    sent.on("close", () => this.#onExchangeClosed(sent));
    sent.end(request.request.body);
  }

  drain(): void {
    if (this.#state !== "open") return;
    this.#state = "draining";
    this.#events.onDraining();
    if (this.#request === undefined) this.#socket.destroy();
  }

  destroy(error: HttpClientError): void {
    this.#failure ??= error;
    this.#request?.fail(this.#failure);
    this.#sent?.destroy();
    this.#socket.destroy();
    this.#close();
  }

  #target(request: PendingRequest): string {
    const { url } = request;
    const path = url.pathname + url.search;
    return this.#proxy === undefined ? path : url.origin + path;
  }

  #headers(request: PendingRequest): OutgoingHttpHeaders {
    const headers: OutgoingHttpHeaders = {
      host: request.url.host,
      connection: "keep-alive",
    };
    if (request.request.gzip === true) headers["accept-encoding"] = "gzip";
    for (const [name, value] of Object.entries(request.request.headers ?? {})) {
      headers[name.toLowerCase()] = typeof value === "string" ? value : [...value];
    }
    const { body } = request.request;
    if (body !== undefined) headers["content-length"] = bodySizeBytes(body);
    const login = this.#proxy === undefined ? undefined : proxyAuthorization(this.#proxy);
    if (login !== undefined) headers["proxy-authorization"] = login;
    return headers;
  }

  #onResponse(request: PendingRequest, response: IncomingMessage): void {
    if (response.headers.connection?.toLowerCase() === "close") this.#stopUse();
    response.on("error", (thrown) => {
      this.#failure ??= broken(thrown);
    });
    response.once("end", () => {
      this.#isComplete = response.complete;
    });
    request.respond(
      {
        status: response.statusCode ?? 0,
        headers: responseHeaders(response),
        httpVersion: "1.1",
      },
      {
        stream: response,
        cancel: () => this.#cut(request),
        failure: (isEnded) =>
          isEnded && response.complete
            ? undefined
            : (this.#failure ?? new HttpClientError("RESET", "Cannot read on as the connection was cut")),
      },
    );
  }

  #onError(request: PendingRequest, thrown: unknown): void {
    const isParse = codeOf(thrown).startsWith("HPE_");
    // The server may have closed an idle connection in the moment we used it again (RFC 9112 §9.3.1).
    const isStale = this.#isReused && !isParse && SAFE_METHODS.has(request.request.method);
    const error = isParse
      ? new HttpClientError("PROTOCOL", `Cannot read the answer as it is not HTTP: ${messageOf(thrown)}`, {
          cause: thrown,
        })
      : (this.#failure ?? broken(thrown, isStale));
    this.#failure ??= error;
    this.#stopUse();
    request.fail(error);
    this.#socket.destroy();
  }

  #onExchangeDone(): void {
    this.#request = undefined;
    this.#sent = undefined;
    this.#isReused = true;
    if (this.#state !== "open") {
      this.#socket.destroy();
      return;
    }
    this.#waitForUse();
    this.#events.onCapacity();
  }

  /** Ends the connection, unless it has gone on to another request. */
  #cut(request: PendingRequest): void {
    if (this.#request !== request) return;
    this.#stopUse();
    this.#sent?.destroy();
    this.#socket.destroy();
  }

  /** An exchange that closed before its end took the connection with it; after a whole response `free` follows. */
  #onExchangeClosed(sent: ClientRequest): void {
    if (this.#sent !== sent || this.#isComplete) return;
    this.#stopUse();
    this.#socket.destroy();
  }

  #stopUse(): void {
    if (this.#state !== "open") return;
    this.#state = "draining";
    this.#events.onDraining();
  }

  #waitForUse(): void {
    this.#idle = startTimer(this.#idleTimeoutMs, () => this.drain(), {
      keepsProcessAlive: false,
    });
  }

  #close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#idle?.cancel();
    this.#request?.fail(this.#failure ?? new HttpClientError("RESET", "Cannot go on as the connection was closed"));
    this.#events.onClosed();
  }
}

function broken(thrown: unknown, isUnprocessed: boolean = false): HttpClientError {
  return new HttpClientError("RESET", `Cannot go on as the connection broke: ${messageOf(thrown)}`, {
    cause: thrown,
    isUnprocessed,
  });
}

function responseHeaders(response: IncomingMessage): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value === undefined) continue;
    plain[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return plain;
}
