// The open connections of one server: cap, idle and header deadlines, graceful and hard close.
import type { Http2Session } from "node:http2";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { startInterval, systemClock, type Timer } from "../clock.ts";
import { peerOf } from "./peer.ts";
import type { PeerInfo } from "./types.ts";

/** One TCP connection and what runs on it. */
export interface Connection {
  readonly socket: Socket;
  readonly peer: PeerInfo;
  /** Requests whose response is not complete. */
  active: number;
  /** True once a request came. */
  isUsed: boolean;
  /** Monotonic milliseconds since which nothing runs on it. */
  idleSinceMs: number;
  /** True after the client was told to go: HTTP/1.1 answers carry `Connection: close`. */
  isGoing: boolean;
  session: Http2Session | undefined;
}

/** Deadlines and cap; see HttpServerLimits. */
export interface ConnectionLimits {
  readonly connectionsMax: number;
  readonly headersTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

const SWEEP_PERIOD_MS = 1000;

/** All connections of a server, found by socket, by session or by the client's address and port. */
export class ConnectionTable {
  readonly #limits: ConnectionLimits;
  readonly #byAddress: Map<string, MutableConnection> = new Map();
  readonly #byObject: WeakMap<object, MutableConnection> = new WeakMap();
  readonly #sweep: Timer;
  readonly #onEmpty: Set<() => void> = new Set();
  #isClosing: boolean = false;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
    const periodMs = Math.min(SWEEP_PERIOD_MS, limits.headersTimeoutMs / 4, limits.idleTimeoutMs / 4);
    this.#sweep = startInterval(periodMs, () => this.#closeIdle(), {
      keepsProcessAlive: false,
    });
  }

  get size(): number {
    return this.#byAddress.size;
  }

  /** Takes in a fresh TCP connection, or destroys it if there are too many. */
  add(socket: Socket): void {
    const address = addressOf(socket);
    if (address === undefined || this.size >= this.#limits.connectionsMax) {
      socket.destroy();
      return;
    }
    const connection: MutableConnection = {
      socket,
      peer: peerOf(socket, undefined, false),
      active: 0,
      isUsed: false,
      idleSinceMs: systemClock.now(),
      isGoing: this.#isClosing,
      session: undefined,
    };
    this.#byAddress.set(address, connection);
    this.#byObject.set(socket, connection);
    socket.once("close", () => this.#remove(address, connection));
  }

  /** Notes that the TLS handshake is done and who the client is. */
  secured(socket: TLSSocket, hasClientCa: boolean): void {
    const address = addressOf(socket);
    const connection = address === undefined ? undefined : this.#byAddress.get(address);
    if (connection === undefined) {
      socket.destroy();
      return;
    }
    connection.peer = peerOf(socket, socket, hasClientCa);
    this.#byObject.set(socket, connection);
  }

  /** Notes the HTTP/2 session on a connection. */
  sessionStarted(session: Http2Session): void {
    const { remoteAddress, remotePort } = session.socket;
    const connection = this.#byAddress.get(`${remoteAddress} ${remotePort}`);
    if (connection === undefined) {
      session.destroy();
      return;
    }
    connection.session = session;
    this.#byObject.set(session, connection);
  }

  /** The connection of a socket or session a request came on; undefined if it is gone. */
  find(owner: object): Connection | undefined {
    return this.#byObject.get(owner);
  }

  /** A request started. */
  began(connection: Connection): void {
    connection.active++;
    connection.isUsed = true;
  }

  /** A response is complete, or its client gone. */
  ended(connection: Connection): void {
    connection.active--;
    connection.idleSinceMs = systemClock.now();
    if (this.#isClosing) closeIfIdle(connection);
  }

  /** Sends GOAWAY on HTTP/2; makes HTTP/1.1 answers carry `Connection: close`. Running requests finish. */
  goAway(): void {
    for (const connection of this.#byAddress.values()) {
      connection.isGoing = true;
      connection.session?.close();
    }
  }

  /** As {@link goAway}, for connections to come as well, and closes those on which nothing runs. Resolves when none is left. */
  drain(): Promise<void> {
    this.#isClosing = true;
    this.goAway();
    for (const connection of this.#byAddress.values()) closeIfIdle(connection);
    if (this.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty.add(resolve));
  }

  /** Cuts every connection. */
  destroy(): void {
    this.#sweep.cancel();
    for (const connection of this.#byAddress.values()) {
      connection.session?.destroy();
      connection.socket.destroy();
    }
  }

  #remove(address: string, connection: MutableConnection): void {
    if (this.#byAddress.get(address) === connection) this.#byAddress.delete(address);
    if (this.size > 0) return;
    for (const resolve of this.#onEmpty) resolve();
    this.#onEmpty.clear();
  }

  #closeIdle(): void {
    const nowMs = systemClock.now();
    for (const connection of this.#byAddress.values()) {
      if (connection.active > 0) continue;
      const limitMs = connection.isUsed ? this.#limits.idleTimeoutMs : this.#limits.headersTimeoutMs;
      if (nowMs - connection.idleSinceMs < limitMs) continue;
      if (connection.session === undefined || connection.isGoing) connection.socket.destroy();
      else {
        connection.isGoing = true;
        connection.session.close();
      }
    }
  }
}

interface MutableConnection extends Connection {
  peer: PeerInfo;
}

function closeIfIdle(connection: Connection): void {
  // An HTTP/2 session ends by itself after GOAWAY once its streams are done.
  if (connection.active === 0 && connection.session === undefined)
    connection.socket.end(() => connection.socket.destroy());
}

function addressOf(socket: Socket): string | undefined {
  const { remoteAddress, remotePort } = socket;
  return remotePort === undefined ? undefined : `${remoteAddress} ${remotePort}`;
}
