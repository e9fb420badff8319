// An HTTPS server for tests (HTTP/2 and 1.1) that does what it is told on the wire, the wrong things above all.
import {
  constants,
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { TestPki } from "@coracle/sim";

/** One request, and everything a test can do to it. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Common name of the client's certificate, verified; "" without one. */
  readonly peerName: string;
  /** Counts the connections of the server; equal numbers mean the same connection. */
  readonly connection: number;
  /** Resolves when the client has gone or the answer is complete. */
  readonly closed: Promise<void>;
  isClosed(): boolean;
  body(): Promise<string>;
  /** Sends headers. */
  respond(status: number, headers?: Readonly<Record<string, string>>): void;
  /** Sends bytes as DATA of their own and waits until the socket took them. */
  write(chunk: string | Uint8Array): Promise<void>;
  end(chunk?: string | Uint8Array): void;
  /** Ends the exchange the rude way: RST_STREAM on HTTP/2, a cut connection on HTTP/1.1. */
  reset(): void;
  /** Sends GOAWAY on this request's connection; streams above `lastStreamId` count as not processed. */
  goaway(lastStreamId?: number): void;
  /** This request's stream id on HTTP/2. */
  readonly streamId: number;
  /** Cuts the TCP connection. */
  cut(): void;
}

/** Answers one request. */
export type ExchangeHandler = (exchange: Exchange) => void | Promise<void>;

/** How to start a {@link ScriptedServer}. */
export interface ScriptedServerOptions {
  readonly pki: Pick<TestPki, "cert" | "key">;
  readonly handler: ExchangeHandler;
  /** Ask clients for certificates and check them against these. */
  readonly clientCa?: readonly string[];
  /** SETTINGS_MAX_CONCURRENT_STREAMS. */
  readonly streamsMax?: number;
}

/** A server under a test's thumb. */
export class ScriptedServer {
  readonly #server: Http2SecureServer;
  readonly #sessions: Set<ServerHttp2Session> = new Set();
  readonly #sockets: Map<Socket, number> = new Map();
  readonly #failures: unknown[] = [];
  /** Method, path and query of every request so far, in order. */
  readonly requests: {
    readonly method: string;
    readonly path: string;
    readonly query: URLSearchParams;
    readonly connection: number;
    readonly authorization: string | undefined;
  }[] = [];
  #connectionCount = 0;
  #port = 0;

  private constructor(server: Http2SecureServer) {
    this.#server = server;
  }

  static async start(options: ScriptedServerOptions): Promise<ScriptedServer> {
    const { pki, clientCa, streamsMax } = options;
    const server = createSecureServer({
      cert: pki.cert,
      key: pki.key,
      allowHTTP1: true,
      ...(clientCa === undefined ? {} : { ca: [...clientCa], requestCert: true, rejectUnauthorized: false }),
      ...(streamsMax === undefined ? {} : { settings: { maxConcurrentStreams: streamsMax } }),
    });
    const scripted = new ScriptedServer(server);
    scripted.#wire(options.handler);
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    scripted.#port = (server.address() as AddressInfo).port;
    return scripted;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  /** Connections accepted so far. */
  get connectionCount(): number {
    return this.#connectionCount;
  }

  /** What handlers threw; a test ends by asserting that this is empty. */
  get failures(): readonly unknown[] {
    return this.#failures;
  }

  /** New handshakes use this certificate. */
  reloadTls(pki: Pick<TestPki, "cert" | "key">, clientCa?: readonly string[]): void {
    this.#server.setSecureContext({
      cert: pki.cert,
      key: pki.key,
      ...(clientCa === undefined ? {} : { ca: [...clientCa] }),
    });
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const session of this.#sessions) session.destroy();
    for (const socket of this.#sockets.keys()) socket.destroy();
    await closed;
  }

  #wire(handler: ExchangeHandler): void {
    const server = this.#server;
    server.on("secureConnection", (socket: Socket) => {
      this.#sockets.set(socket, ++this.#connectionCount);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("error", () => undefined);
    });
    server.on("session", (session) => {
      this.#sessions.add(session);
      session.on("close", () => this.#sessions.delete(session));
      session.on("error", () => undefined);
    });
    server.on("sessionError", () => undefined);
    server.on("tlsClientError", () => undefined);
    server.on("error", (error) => this.#failures.push(error));
    server.on("request", (request, response) => {
      const exchange = new WireExchange(request, response, this.#connectionOf(request));
      this.requests.push({
        method: exchange.method,
        path: exchange.path,
        query: exchange.query,
        connection: exchange.connection,
        authorization: request.headers.authorization,
      });
      void Promise.resolve()
        .then(() => handler(exchange))
        .catch((error: unknown) => {
          // A handler that writes to a client that left is no failure.
          if (!exchange.isClosed()) this.#failures.push(error);
          exchange.reset();
        });
    });
  }

  /** The TLS socket under a request; on HTTP/2 `request.socket` is a stand-in that refuses to be closed. */
  #connectionOf(request: Http2ServerRequest): Connection {
    for (const [socket, number] of this.#sockets) {
      if (socket.remotePort === request.socket.remotePort) return { socket, number };
    }
    throw new Error("a request came on a connection that is closed");
  }
}

interface Connection {
  readonly socket: Socket;
  readonly number: number;
}

class WireExchange implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Exchange["headers"];
  readonly peerName: string;
  readonly connection: number;
  readonly closed: Promise<void>;
  readonly streamId: number;
  readonly #request: Http2ServerRequest;
  readonly #response: ServerResponse;
  /** Absent on HTTP/1.1. */
  readonly #stream: ServerHttp2Stream | undefined;
  readonly #socket: Socket;
  #isClosed = false;

  constructor(request: Http2ServerRequest, response: Http2ServerResponse, connection: Connection) {
    const url = new URL(request.url ?? "/", "https://server");
    this.method = request.method ?? "GET";
    this.path = url.pathname;
    this.query = url.searchParams;
    this.headers = request.headers;
    this.peerName = peerNameOf(request.socket);
    this.connection = connection.number;
    this.#socket = connection.socket;
    this.#request = request;
    // Node's HTTP/2 answer has the methods of an HTTP/1 one, which is what HTTP/1 clients get here.
    this.#response = response as unknown as ServerResponse;
    const stream: ServerHttp2Stream | undefined = response.stream;
    this.#stream = stream;
    this.streamId = stream?.id ?? 0;
    this.closed = new Promise((resolve) => {
      const done = (): void => {
        this.#isClosed = true;
        resolve();
      };
      response.on("close", done);
      response.on("finish", done);
      stream?.on("close", done);
    });
    response.on("error", () => undefined);
    stream?.on("error", () => undefined);
  }

  isClosed(): boolean {
    return this.#isClosed;
  }

  async body(): Promise<string> {
    const request: AsyncIterable<Uint8Array> = this.#request;
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of request) text += decoder.decode(chunk, { stream: true });
    return text;
  }

  respond(status: number, headers: Readonly<Record<string, string>> = {}): void {
    this.#response.writeHead(status, { "content-type": "application/json", ...headers });
    this.#response.flushHeaders();
  }

  async write(chunk: string | Uint8Array): Promise<void> {
    const response = this.#response;
    await Promise.race([
      this.closed,
      new Promise<void>((resolve) => {
        response.write(chunk, () => resolve());
      }),
    ]);
    if (this.#isClosed) throw new Error("the client has gone");
  }

  end(chunk?: string | Uint8Array): void {
    if (chunk === undefined) this.#response.end();
    else this.#response.end(chunk);
  }

  reset(): void {
    if (this.#stream === undefined) this.cut();
    else if (!this.#stream.destroyed) this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  goaway(lastStreamId?: number): void {
    this.#stream?.session?.goaway(constants.NGHTTP2_NO_ERROR, lastStreamId);
  }

  cut(): void {
    this.#socket.destroy();
  }
}

function peerNameOf(socket: unknown): string {
  const tls = socket as TLSSocket;
  // Without a certificate Deno calls the socket authorized and has no subject.
  const subject: { readonly CN?: unknown } | undefined = tls.authorized ? tls.getPeerCertificate().subject : undefined;
  return typeof subject?.CN === "string" ? subject.CN : "";
}
