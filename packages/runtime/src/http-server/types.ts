// What the HTTP servers take and give: options, the peer, the handler's answer, the handle.

/** A client certificate as presented in the handshake. */
export interface PeerCertificate {
  readonly subject: { readonly CN?: string; readonly O: readonly string[] };
  readonly issuerCN: string;
  /** SHA-256 of the DER form, upper-case hexadecimal in pairs with colons. */
  readonly fingerprint256: string;
  readonly serialNumber: string;
  /** Milliseconds since 1970. */
  readonly validFromMs: number;
  /** Milliseconds since 1970. */
  readonly validToMs: number;
  readonly pem: string;
}

/** Who is at the other end of a request. */
export interface PeerInfo {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly protocol: "http/1.1" | "h2";
  readonly encrypted: boolean;
  /** The client's certificate, verified or not; see {@link certificateVerified}. */
  readonly certificate?: PeerCertificate | undefined;
  /** True if `certificate` chains to the server's `clientCa` and was valid at the handshake. */
  readonly certificateVerified: boolean;
}

/** An answer without a Response object: the fast way for short bodies. Header names in lower case. */
export interface PlainResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: Uint8Array | string | undefined;
}

/**
 * Answers one request. `request.signal` aborts when the client goes away before the answer is complete.
 * A Response whose body is a ReadableStream is written as fast as the client reads. A throw becomes 500.
 */
export type FetchHandler = (
  request: Request,
  peer: PeerInfo,
) => Response | PlainResponse | Promise<Response | PlainResponse>;

/** A server's own certificate and the authorities its clients' certificates are checked against. PEM. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  readonly clientCa?: readonly string[] | undefined;
}

/** Limits of a server. */
export interface HttpServerLimits {
  /** Open connections; one more is closed at once. Default 10 000. */
  readonly connectionsMax?: number | undefined;
  /** Concurrent streams on one HTTP/2 connection. Default 100. */
  readonly streamsPerConnectionMax?: number | undefined;
  /** Time for a request's headers to be complete. Default 32 000. */
  readonly headersTimeoutMs?: number | undefined;
  /** Time a connection may be without a request. Default 90 000. */
  readonly idleTimeoutMs?: number | undefined;
  /** Size of a request's headers together. Default 1 MiB. */
  readonly headersSizeBytesMax?: number | undefined;
}

/** How to serve plain HTTP. */
export interface ServeHttpOptions extends HttpServerLimits {
  /** Address to listen on, such as `127.0.0.1`. */
  readonly host: string;
  /** Port to listen on; 0 picks a free one. */
  readonly port: number;
  readonly handler: FetchHandler;
  /** Called for what goes wrong outside a handler's control: a throw in a handler, a failed handshake. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** How to serve HTTPS: HTTP/2 and HTTP/1.1 by ALPN; a client certificate is asked for, not demanded. */
export interface ServeHttpsOptions extends ServeHttpOptions {
  readonly tls: ServerTls;
}

/** A listening server. */
export interface HttpServer {
  readonly address: { readonly host: string; readonly port: number };
  /** `http://host:port` or `https://host:port`, IPv6 in brackets. */
  readonly url: string;
  /** New handshakes use `tls`; connections there are keep their session. Throws if certificate and key do not match. */
  reloadTls(tls: ServerTls): void;
  /** Tells every client to go elsewhere for its next request: GOAWAY, or `Connection: close`. Keeps accepting. */
  goAway(): void;
  /** Open connections. */
  connections(): number;
  /** Stops accepting, lets running requests finish for `graceMs` (default 0), then cuts what is left. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}
