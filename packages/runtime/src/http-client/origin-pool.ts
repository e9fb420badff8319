// The connections to one origin and the requests that wait for one.
import { assert } from "@coracle/base";
import type { ClientConnection, ConnectionEvents } from "./client-connection.ts";
import { type Connected, connect, type Origin, type Route } from "./connect.ts";
import type { Counters } from "./counters.ts";
import { Http1Connection } from "./http1-connection.ts";
import { Http2Connection, type Http2ConnectionOptions } from "./http2-connection.ts";
import type { PendingRequest } from "./pending-request.ts";
import { HttpClientError } from "./types.ts";

/** Limits and timing of a pool. */
export interface PoolOptions extends Http2ConnectionOptions {
  readonly connectionsMax: number;
  readonly queueMax: number;
}

/** Streams expected of a connection not yet open, before one has told. */
const STREAMS_EXPECTED = 100;

/** A pool. All its requests go to one scheme, host and port. */
export class OriginPool {
  readonly #origin: Origin;
  readonly #options: PoolOptions;
  readonly #counters: Counters;
  #route: Route;
  readonly #connections: Set<ClientConnection> = new Set();
  readonly #opening: Set<AbortController> = new Set();
  #queue: PendingRequest[] = [];
  #protocol: "h2" | "http/1.1" | undefined;
  #isClosed: boolean = false;

  constructor(origin: Origin, route: Route, options: PoolOptions, counters: Counters) {
    this.#origin = origin;
    this.#route = route;
    this.#options = options;
    this.#counters = counters;
  }

  /** True if nothing is open, opening or waiting. */
  get isIdle(): boolean {
    return this.#connections.size + this.#opening.size + this.#queue.length === 0;
  }

  get figures(): {
    readonly open: number;
    readonly draining: number;
    readonly streams: number;
    readonly queued: number;
  } {
    const connections = [...this.#connections];
    return {
      open: connections.length,
      draining: connections.filter((one) => one.isDraining).length,
      streams: connections.reduce((sum, one) => sum + one.active, 0),
      queued: this.#queue.length,
    };
  }

  /** Sends a request as soon as a connection can take it. */
  add(request: PendingRequest): void {
    if (this.#isClosed) {
      request.reject(closedError());
      return;
    }
    if (this.#queue.length >= this.#options.queueMax) {
      this.#forgetSettled();
      if (this.#queue.length >= this.#options.queueMax) {
        request.reject(
          new HttpClientError(
            "QUEUE_FULL",
            `Cannot send ${request.label} as too many requests wait for ${this.#origin.host}: current number is ${this.#queue.length}`,
          ),
        );
        return;
      }
    }
    this.#queue.push(request);
    this.#dispatch();
  }

  /** Puts a request that no server looked at first in line. */
  readonly addFirst = (request: PendingRequest): void => {
    if (this.#isClosed) {
      request.reject(closedError());
      return;
    }
    this.#queue.unshift(request);
    // Not from within the connection that is just failing: it may have more to hand back.
    queueMicrotask(() => this.#dispatch());
  };

  /** New connections take `route`; those there are finish what runs on them. */
  replaceRoute(route: Route): void {
    this.#route = route;
    for (const connection of this.#connections) connection.drain();
    for (const opening of this.#opening) opening.abort();
    this.#opening.clear();
    this.#dispatch();
  }

  close(): void {
    this.#isClosed = true;
    for (const opening of this.#opening) opening.abort();
    for (const request of this.#queue.splice(0)) request.reject(closedError());
    for (const connection of this.#connections) connection.destroy(closedError());
  }

  #dispatch(): void {
    if (this.#isClosed || this.#queue.length === 0) return;
    for (const connection of this.#connections) {
      while (connection.capacity > 0 && this.#queue.length > 0) {
        const request = this.#queue.shift();
        if (request !== undefined && !request.isSettled) connection.send(request);
      }
      if (this.#queue.length === 0) return;
    }
    this.#openMore();
  }

  #openMore(): void {
    this.#forgetSettled();
    const usable = [...this.#connections].filter((one) => !one.isDraining).length;
    const wanted = this.#wantedConnections();
    const allowed = this.#options.connectionsMax - usable;
    const missing = Math.min(wanted, allowed) - this.#opening.size;
    for (let count = 0; count < missing; count++) void this.#open();
  }

  /** Connections to open for what waits. The first one tells which protocol it is. */
  #wantedConnections(): number {
    if (this.#queue.length === 0) return 0;
    if (this.#protocol === "http/1.1" || !this.#origin.isSecure) return this.#queue.length;
    if (this.#protocol === undefined) return 1;
    const each = Math.min(STREAMS_EXPECTED, this.#options.streamsMax);
    // A connection that is open but has not heard the server's settings yet will take its share too.
    const starting = [...this.#connections].filter(
      (one) => !one.isDraining && one.active === 0 && one.capacity === 0,
    ).length;
    return Math.max(0, Math.ceil(this.#queue.length / each) - starting);
  }

  async #open(): Promise<void> {
    const opening = new AbortController();
    this.#opening.add(opening);
    try {
      const connected = await connect(this.#origin, this.#route, opening.signal);
      if (this.#opening.delete(opening)) this.#use(connected);
      else connected.socket.destroy();
    } catch (thrown) {
      assert(thrown instanceof HttpClientError, `Cannot classify ${String(thrown)}`);
      if (this.#opening.delete(opening)) this.#onOpenFailed(thrown);
    }
  }

  #use(connected: Connected): void {
    this.#counters.connectionsOpened++;
    this.#protocol = connected.protocol;
    const connection = connected.protocol === "h2" ? this.#makeHttp2(connected) : this.#makeHttp1(connected);
    this.#connections.add(connection);
    this.#dispatch();
  }

  #makeHttp2(connected: Connected): ClientConnection {
    const { host, port } = this.#origin;
    const name = host.includes(":") ? `[${host}]` : host;
    const connection: ClientConnection = new Http2Connection(connected.socket, `https://${name}:${port}`, {
      options: this.#options,
      counters: this.#counters,
      events: this.#eventsOf(() => connection),
    });
    return connection;
  }

  #makeHttp1(connected: Connected): ClientConnection {
    const connection: ClientConnection = new Http1Connection(connected.socket, {
      proxy: connected.proxy,
      idleTimeoutMs: this.#options.idleTimeoutMs,
      events: this.#eventsOf(() => connection),
    });
    return connection;
  }

  #eventsOf(connection: () => ClientConnection): ConnectionEvents {
    return {
      onCapacity: () => this.#dispatch(),
      onDraining: () => queueMicrotask(() => this.#dispatch()),
      onClosed: () => {
        this.#connections.delete(connection());
        queueMicrotask(() => this.#dispatch());
      },
    };
  }

  /** What waits cannot be served, unless another connection is open or on its way. */
  #onOpenFailed(error: HttpClientError): void {
    if (this.#opening.size > 0) return;
    for (const request of this.#queue.splice(0)) request.reject(error);
  }

  #forgetSettled(): void {
    this.#queue = this.#queue.filter((request) => !request.isSettled);
  }
}

function closedError(): HttpClientError {
  return new HttpClientError("CLOSED", "Cannot go on as the client is closed");
}
