// What the HTTP client takes and gives: options, request, response, counters, failures.
import { RuntimeError } from "../runtime-error.ts";

/** Whom a TLS client trusts and who it is. Everything PEM. */
export interface TlsClientOptions {
  /** Certificate authorities to trust instead of the system's. */
  readonly ca?: readonly string[] | undefined;
  /** Client certificate chain. */
  readonly cert?: string | undefined;
  /** Private key of `cert`. */
  readonly key?: string | undefined;
  /** Name to send (SNI) and to look for in the server's certificate, instead of the URL's host. */
  readonly serverName?: string | undefined;
  /** True accepts any server certificate. Only for what a user explicitly asked. */
  readonly insecureSkipVerify?: boolean | undefined;
}

/** How an HTTP client behaves. All parts have defaults that suit a Kubernetes API server. */
export interface HttpClientOptions {
  readonly tls?: TlsClientOptions | undefined;
  /** False never offers HTTP/2. Default true. */
  readonly http2?: boolean | undefined;
  /** Streams on one HTTP/2 connection, if the server allows more. Default: what the server allows. */
  readonly streamsPerConnectionMax?: number | undefined;
  /** Connections to one origin; further requests wait in line. Default 64. */
  readonly connectionsPerOriginMax?: number | undefined;
  /** Requests waiting in line for one origin; one more fails with `QUEUE_FULL`. Default 10 000. */
  readonly queueMax?: number | undefined;
  /** PING when no frame came for this long. Default 30 000; 0 never. */
  readonly pingIdleMs?: number | undefined;
  /** Without an answer for this long the connection is dead. Default 15 000. */
  readonly pingTimeoutMs?: number | undefined;
  /** TCP, proxy and TLS together. Default 30 000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Close a connection on which nothing ran for this long. Default 90 000. */
  readonly idleTimeoutMs?: number | undefined;
  /** `http://`, `https://` (CONNECT) or `socks5://` proxy, with `user:password@` if it wants them. */
  readonly proxyUrl?: string | undefined;
  /** Hosts to reach without the proxy: names, `.suffixes`, addresses, CIDRs, `*`; separated by commas. */
  readonly noProxy?: string | undefined;
}

/** One request. */
export interface HttpRequest {
  readonly method: string;
  /** Absolute `http:` or `https:` URL. */
  readonly url: string;
  /** A list is sent as one field per value. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  readonly body?: Uint8Array | string | undefined;
  /** Aborting fails the request, or its body if the headers are there already. */
  readonly signal?: AbortSignal | undefined;
  /** Longest wait for the response's headers, queueing and connecting included. Default: no limit. */
  readonly headersTimeoutMs?: number | undefined;
  /** True sends `accept-encoding: gzip` and decodes the answer as it comes. Default false. */
  readonly gzip?: boolean | undefined;
}

/** One response: headers now, the body as it is read. */
export interface HttpResponse {
  readonly status: number;
  /** Names in lower case; repeated fields joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly httpVersion: "1.1" | "2";
  /**
   * Bytes as they arrive; to be read once. Leaving the loop early cancels the request. Not reading stops the sender:
   * at most 512 KiB wait on one HTTP/2 stream. (Deno 2.9 reads on below HTTP/1.1 in TLS, whatever its streams say.)
   */
  readonly body: AsyncIterable<Uint8Array>;
  /** The whole body; more than `sizeBytesMax` (default 64 MiB) fails with `BODY_TOO_LARGE`. */
  bytes(sizeBytesMax?: number): Promise<Uint8Array>;
  /** The whole body as UTF-8; the same limit. */
  text(sizeBytesMax?: number): Promise<string>;
  /** Ends the exchange: resets the stream (HTTP/2) or closes the connection (HTTP/1.1). */
  cancel(): void;
}

/** Counters of one client since it was made, and what is open now. */
export interface HttpClientStats {
  readonly connectionsOpen: number;
  readonly connectionsDraining: number;
  readonly connectionsOpened: number;
  readonly streamsOpen: number;
  readonly requestsQueued: number;
  readonly requestsStarted: number;
  readonly requestsReplayed: number;
  readonly bodyBytesReceived: number;
  readonly pingsSent: number;
  /** Connections given up as no PING came back. */
  readonly pingsLost: number;
  readonly goawaysReceived: number;
}

/** A client with its own connections. */
export interface HttpClient {
  /** Sends one request; resolves when the response's headers are there. Throws {@link HttpClientError}. */
  request(request: HttpRequest): Promise<HttpResponse>;
  /** From now on new connections use `tls`; those there are take no new requests, run to their end, then close. */
  replaceTls(tls: TlsClientOptions): void;
  stats(): HttpClientStats;
  /** Ends every exchange with `CLOSED` and every connection. */
  close(): void;
}

/**
 * Why a request failed.
 * `REFUSED` nobody listens · `UNREACHABLE` no route · `DNS` no such name · `TIMEOUT` too slow (connect, headers)
 * · `TLS` handshake or certificate · `RESET` the connection or stream broke · `PING_TIMEOUT` half-open connection
 * · `GOAWAY` the server is going and may have seen the request · `PROTOCOL` the peer broke HTTP · `PROXY` the proxy refused
 * · `ABORTED` by the caller's signal or cancel · `CLOSED` by `close()` · `BODY_TOO_LARGE` · `QUEUE_FULL` · `BAD_URL`.
 */
export type HttpClientErrorCode =
  | "REFUSED"
  | "UNREACHABLE"
  | "DNS"
  | "TIMEOUT"
  | "TLS"
  | "RESET"
  | "PING_TIMEOUT"
  | "GOAWAY"
  | "PROTOCOL"
  | "PROXY"
  | "ABORTED"
  | "CLOSED"
  | "BODY_TOO_LARGE"
  | "QUEUE_FULL"
  | "BAD_URL";

/** A failed request or body. */
export class HttpClientError extends RuntimeError<HttpClientErrorCode> {
  override readonly name = "HttpClientError";
  /** True if the same request may succeed later. Whether it may already have run on the server: see {@link isUnprocessed}. */
  readonly retryable: boolean;
  /** True if the server certainly did not act on the request. */
  readonly isUnprocessed: boolean;

  constructor(code: HttpClientErrorCode, message: string, options: { cause?: unknown; isUnprocessed?: boolean } = {}) {
    super(code, message, options.cause);
    this.retryable = RETRYABLE.has(code);
    this.isUnprocessed = options.isUnprocessed ?? NEVER_SENT.has(code);
  }
}

const RETRYABLE: ReadonlySet<HttpClientErrorCode> = new Set([
  "REFUSED",
  "UNREACHABLE",
  "DNS",
  "TIMEOUT",
  "RESET",
  "PING_TIMEOUT",
  "GOAWAY",
  "QUEUE_FULL",
]);

const NEVER_SENT: ReadonlySet<HttpClientErrorCode> = new Set([
  "REFUSED",
  "UNREACHABLE",
  "DNS",
  "TLS",
  "PROXY",
  "QUEUE_FULL",
  "BAD_URL",
]);
