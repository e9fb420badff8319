// The HTTP client: one pool per origin, options with their defaults, TLS that can change under it.
import { URL } from "node:url";
import type { Route } from "./connect.ts";
import { type Counters, newCounters } from "./counters.ts";
import { OriginPool, type PoolOptions } from "./origin-pool.ts";
import { originOf, parseRequestUrl, PendingRequest } from "./pending-request.ts";
import {
  type HttpClient,
  type HttpClientOptions,
  type HttpClientStats,
  type HttpRequest,
  type HttpResponse,
  HttpClientError,
  type TlsClientOptions,
} from "./types.ts";

const CONNECTIONS_PER_ORIGIN_MAX = 64;
const QUEUE_MAX = 10_000;
const PING_IDLE_MS = 30_000;
const PING_TIMEOUT_MS = 15_000;
const CONNECT_TIMEOUT_MS = 30_000;
const IDLE_TIMEOUT_MS = 90_000;
/** Origins remembered; those without connections are forgotten above it. */
const ORIGINS_MAX = 256;

/** Makes a client with its own connections. */
export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  return new PooledClient(options);
}

class PooledClient implements HttpClient {
  readonly #pools: Map<string, OriginPool> = new Map();
  readonly #counters: Counters = newCounters();
  readonly #poolOptions: PoolOptions;
  #route: Route;
  #isClosed: boolean = false;

  constructor(options: HttpClientOptions) {
    this.#route = {
      tls: options.tls ?? {},
      offersHttp2: options.http2 ?? true,
      timeoutMs: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
      proxy: parseProxy(options.proxyUrl),
      noProxy: options.noProxy ?? "",
    };
    this.#poolOptions = {
      connectionsMax: options.connectionsPerOriginMax ?? CONNECTIONS_PER_ORIGIN_MAX,
      queueMax: options.queueMax ?? QUEUE_MAX,
      streamsMax: options.streamsPerConnectionMax ?? Number.POSITIVE_INFINITY,
      pingIdleMs: options.pingIdleMs ?? PING_IDLE_MS,
      pingTimeoutMs: options.pingTimeoutMs ?? PING_TIMEOUT_MS,
      idleTimeoutMs: options.idleTimeoutMs ?? IDLE_TIMEOUT_MS,
    };
  }

  async request(request: HttpRequest): Promise<HttpResponse> {
    const url = parseRequestUrl(request.url);
    if (this.#isClosed) throw new HttpClientError("CLOSED", "Cannot send a request as the client is closed");
    const pool = this.#poolOf(url);
    const pending = new PendingRequest(request, url, this.#counters, pool.addFirst);
    this.#counters.requestsStarted++;
    if (!pending.isSettled) pool.add(pending);
    return pending.response;
  }

  replaceTls(tls: TlsClientOptions): void {
    this.#route = { ...this.#route, tls };
    for (const pool of this.#pools.values()) pool.replaceRoute(this.#route);
  }

  stats(): HttpClientStats {
    const figures = [...this.#pools.values()].map((pool) => pool.figures);
    const sum = (name: keyof (typeof figures)[number]): number =>
      figures.reduce((total, figure) => total + figure[name], 0);
    return {
      ...this.#counters,
      connectionsOpen: sum("open"),
      connectionsDraining: sum("draining"),
      streamsOpen: sum("streams"),
      requestsQueued: sum("queued"),
    };
  }

  close(): void {
    this.#isClosed = true;
    for (const pool of this.#pools.values()) pool.close();
  }

  #poolOf(url: URL): OriginPool {
    const known = this.#pools.get(url.origin);
    if (known !== undefined) return known;
    if (this.#pools.size >= ORIGINS_MAX) this.#forgetIdlePools();
    const pool = new OriginPool(originOf(url), this.#route, this.#poolOptions, this.#counters);
    this.#pools.set(url.origin, pool);
    return pool;
  }

  #forgetIdlePools(): void {
    for (const [origin, pool] of this.#pools) if (pool.isIdle) this.#pools.delete(origin);
  }
}

function parseProxy(text: string | undefined): URL | undefined {
  if (text === undefined || text === "") return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^(https?|socks5h?):$/.test(url.protocol)) return url;
  throw new HttpClientError("BAD_URL", "Cannot use the proxy URL as it is none of http, https and socks5");
}
