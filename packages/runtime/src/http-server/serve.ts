// HTTP servers over node:http2 (with HTTP/1.1 beside it) and node:http, for web-standard handlers.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Http2SecureServer, IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { sleep } from "../clock.ts";
import { keyMatchesCertificate } from "../crypto/certificate.ts";
import { http2Module } from "../late-modules.ts";
import { codeOf, messageOf, RuntimeError } from "../runtime-error.ts";
import { ConnectionTable } from "./connection-table.ts";
import { Http1Exchange, Http2Exchange } from "./exchange.ts";
import { ExchangeListener } from "./exchange-listener.ts";
import type { HttpServer, HttpServerLimits, ServeHttpOptions, ServeHttpsOptions, ServerTls } from "./types.ts";

const CONNECTIONS_MAX = 10_000;
const STREAMS_PER_CONNECTION_MAX = 100;
const HEADERS_TIMEOUT_MS = 32_000;
const IDLE_TIMEOUT_MS = 90_000;
const HEADERS_SIZE_BYTES_MAX = 1024 * 1024;
/** What one stream may send ahead of the handler reading it. */
const STREAM_WINDOW_BYTES = 256 * 1024;

/** A server that could not start or reload; `code` is errno's name such as `EADDRINUSE`, or `BAD_TLS`. */
export class ServeError extends RuntimeError {
  override readonly name = "ServeError";
}

/** Serves HTTPS: HTTP/2 and HTTP/1.1 by ALPN, TLS 1.2 or newer, client certificates requested. Throws {@link ServeError}. */
export async function serveHttps(options: ServeHttpsOptions): Promise<HttpServer> {
  checkTls(options.tls);
  const table = makeTable(options);
  const server = http2Module().createSecureServer({
    ...tlsSettings(options.tls),
    allowHTTP1: true,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: "TLSv1.2",
    ALPNProtocols: ["h2", "http/1.1"],
    settings: {
      maxConcurrentStreams: options.streamsPerConnectionMax ?? STREAMS_PER_CONNECTION_MAX,
      maxHeaderListSize: options.headersSizeBytesMax ?? HEADERS_SIZE_BYTES_MAX,
      initialWindowSize: STREAM_WINDOW_BYTES,
    },
    ...http1Settings(options),
  });
  // Some runtimes do not take it from the options for HTTP/1.1 beside HTTP/2.
  Object.assign(server, http1Settings(options));
  const running = new RunningServer(server, table, options, options.tls);
  server.on("secureConnection", (socket) => table.secured(socket, running.hasClientCa));
  server.on("session", (session) => {
    session.on("error", (error) => options.onError?.(error));
    table.sessionStarted(session);
  });
  server.on("request", (request, response) => {
    // HTTP/2 requests come as streams below; this event repeats them in a slower form.
    if (!("stream" in request) && !("stream" in response)) running.onHttp1Request(request, response);
  });
  server.removeAllListeners("stream");
  const onStream: StreamListener = (stream, headers, _flags, rawHeaders) => {
    running.onHttp2Stream(stream, headers, rawHeaders);
  };
  server.on("stream", onStream as () => void);
  server.on("tlsClientError", (error) => options.onError?.(error));
  await running.listen(options.host, options.port);
  return running;
}

/** Serves plain HTTP/1.1. Throws {@link ServeError}. */
export async function serveHttp(options: ServeHttpOptions): Promise<HttpServer> {
  const table = makeTable(options);
  const server = createServer(http1Settings(options));
  const running = new RunningServer(server, table, options, undefined);
  server.on("request", (request, response) => running.onHttp1Request(request, response));
  await running.listen(options.host, options.port);
  return running;
}

/** `rawHeaders` is handed over by every runtime, but not by every type description. */
type StreamListener = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  flags: number,
  rawHeaders: readonly string[],
) => void;

class RunningServer implements HttpServer {
  address: { readonly host: string; readonly port: number };
  hasClientCa: boolean;
  readonly #server: Server | Http2SecureServer;
  readonly #table: ConnectionTable;
  readonly #isSecure: boolean;
  readonly #listener: ExchangeListener;
  #closing: Promise<void> | undefined;

  constructor(
    server: Server | Http2SecureServer,
    table: ConnectionTable,
    options: ServeHttpOptions,
    tls: ServerTls | undefined,
  ) {
    this.#server = server;
    this.#table = table;
    this.#isSecure = tls !== undefined;
    this.hasClientCa = (tls?.clientCa?.length ?? 0) > 0;
    this.address = { host: options.host, port: options.port };
    this.#listener = new ExchangeListener(table, options, this.#isSecure);
    server.on("connection", (socket: Socket) => {
      socket.on("error", () => undefined);
      table.add(socket);
    });
  }

  get url(): string {
    const { host, port } = this.address;
    const bracketed = host.includes(":") ? `[${host}]` : host;
    return `${this.#isSecure ? "https" : "http"}://${bracketed}:${port}`;
  }

  /** Answers what comes by HTTP/1.1, whose parser emits `request`. */
  onHttp1Request(request: IncomingMessage, response: ServerResponse): void {
    this.#listener.answer(new Http1Exchange(request, response), request.socket);
  }

  /** Answers what comes by HTTP/2. */
  onHttp2Stream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: readonly string[]): void {
    if (headers.expect === "100-continue") stream.additionalHeaders({ ":status": 100 });
    this.#listener.answer(new Http2Exchange(stream, headers, rawHeaders), stream.session);
  }

  listen(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (thrown: unknown): void => {
        this.#table.destroy();
        reject(
          new ServeError(
            codeOf(thrown) || "EIO",
            `Cannot listen on ${host} port ${port} as ${messageOf(thrown)}`,
            thrown,
          ),
        );
      };
      this.#server.once("error", fail);
      this.#server.listen(port, host, () => {
        this.#server.off("error", fail);
        const bound = this.#server.address() as AddressInfo;
        this.address = { host, port: bound.port };
        resolve();
      });
    });
  }

  reloadTls(tls: ServerTls): void {
    checkTls(tls);
    if (!("setSecureContext" in this.#server))
      throw new ServeError("BAD_TLS", "Cannot reload a certificate as this server is plain HTTP");
    this.#server.setSecureContext(tlsSettings(tls));
    this.hasClientCa = (tls.clientCa?.length ?? 0) > 0;
  }

  goAway(): void {
    this.#table.goAway();
  }

  connections(): number {
    return this.#table.size;
  }

  close(options: { readonly graceMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(options.graceMs ?? 0);
    return this.#closing;
  }

  async #close(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    const drained = this.#table.drain();
    if (graceMs > 0) {
      const deadline = new AbortController();
      await Promise.race([drained, sleep(graceMs, deadline.signal).catch(() => undefined)]);
      deadline.abort();
    }
    this.#table.destroy();
    await closed;
  }
}

function makeTable(limits: HttpServerLimits): ConnectionTable {
  return new ConnectionTable({
    connectionsMax: limits.connectionsMax ?? CONNECTIONS_MAX,
    headersTimeoutMs: limits.headersTimeoutMs ?? HEADERS_TIMEOUT_MS,
    idleTimeoutMs: limits.idleTimeoutMs ?? IDLE_TIMEOUT_MS,
  });
}

/** What node:http limits itself, for HTTP/1.1. Requests as such have no deadline: watches and uploads may take long. */
function http1Settings(limits: HttpServerLimits): {
  maxHeaderSize: number;
  headersTimeout: number;
  keepAliveTimeout: number;
  requestTimeout: number;
} {
  return {
    maxHeaderSize: limits.headersSizeBytesMax ?? HEADERS_SIZE_BYTES_MAX,
    headersTimeout: limits.headersTimeoutMs ?? HEADERS_TIMEOUT_MS,
    keepAliveTimeout: limits.idleTimeoutMs ?? IDLE_TIMEOUT_MS,
    requestTimeout: 0,
  };
}

function tlsSettings(tls: ServerTls): {
  cert: string;
  key: string;
  ca?: string[];
} {
  const ca = tls.clientCa ?? [];
  return {
    cert: tls.cert,
    key: tls.key,
    ...(ca.length > 0 ? { ca: [...ca] } : {}),
  };
}

function checkTls(tls: ServerTls): void {
  if (keyMatchesCertificate(tls.key, tls.cert)) return;
  throw new ServeError(
    "BAD_TLS",
    "Cannot use the serving certificate as its private key does not match, or one of them is not PEM",
  );
}
