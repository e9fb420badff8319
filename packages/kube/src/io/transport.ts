// One way to one API server: connections, TLS that rotates, and credentials on every request. Sends once; retries live above.
import type { Clock } from "@coracle/base";
import {
  createHttpClient,
  environment,
  type HttpClient,
  HttpClientError,
  type HttpClientOptions,
  type HttpClientStats,
  type HttpResponse,
} from "@coracle/runtime";
import { abortable } from "./abortable.ts";
import type { KubeClientConfig } from "./client-config.ts";
import { createCredentials, type Credentials } from "./credentials.ts";
import type { KubeMetricsHook } from "./metrics-hook.ts";
import { TlsRotation } from "./tls-rotation.ts";

/** One request of a client; the server and the credentials are added. */
export interface KubeRequest {
  readonly method: string;
  /** Absolute path below the server's URL. */
  readonly path: string;
  /** Without the question mark. */
  readonly query?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Longest wait for the answer's headers. */
  readonly headersTimeoutMs?: number | undefined;
  /** Name of the request in metrics; the path when absent. */
  readonly route?: string | undefined;
}

/** What a {@link KubeTransport} needs. */
export interface KubeTransportOptions {
  readonly clock: Clock;
  readonly userAgent: string;
  readonly metrics?: KubeMetricsHook | undefined;
  /** Connection settings; TLS and proxy come from the configuration. */
  readonly http?: Omit<HttpClientOptions, "tls" | "proxyUrl" | "noProxy"> | undefined;
  /** How often CA and certificate files are compared without an event. */
  readonly tlsPollMs?: number | undefined;
  readonly execTimeoutMs?: number | undefined;
}

/** Sends requests to one API server. */
export class KubeTransport {
  readonly #config: KubeClientConfig;
  readonly #options: KubeTransportOptions;
  readonly #http: HttpClient;
  readonly #tls: TlsRotation;
  readonly #credentials: Credentials;

  constructor(config: KubeClientConfig, options: KubeTransportOptions) {
    this.#config = config;
    this.#options = options;
    this.#tls = new TlsRotation(config.tls, {
      pollMs: options.tlsPollMs,
      onChange: (tls) => this.#http.replaceTls(tls),
      onProblem: (message) => options.metrics?.credentialProblem?.(message),
    });
    this.#http = createHttpClient({
      // kubectl's and client-go's switch for proxies that break HTTP/2.
      http2: (environment()["DISABLE_HTTP2"] ?? "") === "",
      ...options.http,
      tls: this.#tls.current(),
      ...(config.proxyUrl === undefined ? {} : { proxyUrl: config.proxyUrl }),
      ...(config.noProxy === undefined ? {} : { noProxy: config.noProxy }),
    });
    this.#credentials = createCredentials(config, {
      clock: options.clock,
      execTimeoutMs: options.execTimeoutMs,
      onTokenError: (error) => options.metrics?.credentialProblem?.(error.message),
    });
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  /** Sends once. Any HTTP status is an answer; throws {@link HttpClientError} when there is none. */
  async send(request: KubeRequest): Promise<HttpResponse> {
    const credential = await abortable(this.#credentials.current(), request.signal);
    if (credential.certificate !== undefined) this.#tls.setCertificate(credential.certificate);
    const { clock, metrics, userAgent } = this.#options;
    const sentAt = clock.now();
    const sample = { method: request.method, route: request.route ?? request.path };
    const query = request.query ?? "";
    try {
      const response = await this.#http.request({
        method: request.method,
        url: `${this.#config.server}${request.path}${query === "" ? "" : `?${query}`}`,
        // Last wins: a request's own Authorization beats the client's.
        headers: { "user-agent": userAgent, ...credential.headers, ...request.headers },
        body: request.body,
        signal: request.signal,
        headersTimeoutMs: request.headersTimeoutMs,
        gzip: !this.#config.disableCompression,
      });
      metrics?.request?.({ ...sample, status: response.status, durationMs: clock.now() - sentAt });
      if (response.status === 401) this.#credentials.reject(sentAt);
      reportWarnings(response.headers["warning"], metrics);
      return response;
    } catch (error) {
      const failure = error instanceof HttpClientError ? error.code : "UNKNOWN";
      metrics?.request?.({ ...sample, status: 0, failure, durationMs: clock.now() - sentAt });
      throw error;
    }
  }

  stats(): HttpClientStats {
    return this.#http.stats();
  }

  /** Resolves when changes of CA and certificate files from now on are seen. */
  ready(): Promise<void> {
    return this.#tls.ready();
  }

  close(): void {
    this.#tls.close();
    this.#http.close();
  }
}

/** `299 - "text"`, several joined with commas: only the quoted texts matter. */
function reportWarnings(header: string | undefined, metrics: KubeMetricsHook | undefined): void {
  if (header === undefined || metrics?.warning === undefined) return;
  for (const [, text = ""] of header.matchAll(/\b299 \S+ "((?:[^"\\]|\\.)*)"/g)) {
    metrics.warning(text.replaceAll(/\\(.)/g, "$1"));
  }
}
