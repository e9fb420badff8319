// Opens, reloads and closes the servers of a service.
import { assert } from "@coracle/base";
import { type FetchHandler, type HttpServer, serveHttp, serveHttps, sleep, systemClock } from "@coracle/runtime";
import { formatAddress } from "../core/address.ts";
import type { Logger } from "../log/logger.ts";
import { ExitError } from "./exit-error.ts";
import type { Listener } from "./service-types.ts";

const LISTENERS_MAX = 16;
const SETTLED_POLL_MS = 10;
/** How runtimes name a connection that the other side has cut. */
const CUT_BY_CLIENT: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED"]);
/** A client that was told to go away is back within this time, its TLS handshake included. */
const QUIET_MS = 200;

/** The open servers of one service, by listener name. */
export class Listeners {
  readonly #log: Logger;
  readonly #servers: Map<string, HttpServer> = new Map();
  readonly #stops: (() => void)[] = [];
  readonly #resets: Map<string, number> = new Map();
  #hadClients: boolean = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Starts to listen; a port in use is an {@link ExitError}. */
  async open(listener: Listener, handler: FetchHandler): Promise<void> {
    const { name, address, tls, limits } = listener;
    assert(!this.#servers.has(name), `Cannot open two listeners of one name: current value is ${name}`);
    assert(this.#servers.size < LISTENERS_MAX, `Cannot open more than ${LISTENERS_MAX} listeners`);
    const onError = (error: unknown): void => this.#onError(name, error);
    const options = { ...limits, host: address.host, port: address.port, handler, onError };
    let server: HttpServer;
    try {
      server = tls === undefined ? await serveHttp(options) : await serveHttps({ ...options, tls: tls.current() });
    } catch (cause) {
      throw new ExitError(`cannot listen on ${formatAddress(address)} (${name}): ${whyNot(cause)}`, { cause });
    }
    this.#servers.set(name, server);
    if (tls !== undefined) this.#followTls(name, server, tls);
    this.#log.info("Listening", { listener: name, url: server.url });
  }

  /** The server of a listener; asking for one that is not there is a programmer's error. */
  get(name: string): HttpServer {
    const server = this.#servers.get(name);
    assert(server !== undefined, `Cannot use a listener that is not open: current value is ${name}`);
    return server;
  }

  /** Tells all clients to go elsewhere. */
  goAway(): void {
    this.#hadClients ||= this.#openCount() > 0;
    for (const server of this.#servers.values()) server.goAway();
  }

  /** Open connections by listener. */
  connections(): readonly { readonly name: string; readonly count: number }[] {
    return [...this.#servers].map(([name, server]) => ({ name, count: server.connections() }));
  }

  /** Connections that clients cut, by listener. */
  resets(): readonly { readonly name: string; readonly count: number }[] {
    return [...this.#resets].map(([name, count]) => ({ name, count }));
  }

  /**
   * Resolves when clients that were told to go away have come back for their refusal: no connection came or went and
   * `activity` stood still for a moment, or `withinMs` is over. At once if there was no client to tell.
   */
  async settled(withinMs: number, activity: () => number): Promise<void> {
    if (!this.#hadClients && this.#openCount() === 0) return;
    const endsAt = systemClock.now() + withinMs;
    let quietSince: number = systemClock.now();
    let before = "";
    for (let now = systemClock.now(); now < endsAt && now - quietSince < QUIET_MS; now = systemClock.now()) {
      const state = `${this.#openCount()} ${activity()}`;
      if (state !== before) quietSince = now;
      before = state;
      await sleep(SETTLED_POLL_MS);
    }
  }

  /** Stops following files and closes all servers; what still runs is cut after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    for (const stop of this.#stops.splice(0)) stop();
    await Promise.all([...this.#servers.values()].map((server) => server.close({ graceMs })));
  }

  /** Clients go as they please: that is counted, and no news. Anything else is. */
  #onError(name: string, error: unknown): void {
    const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
    if (typeof code !== "string" || !CUT_BY_CLIENT.has(code)) {
      this.#log.warning("Request or handshake failed", { listener: name, error });
      return;
    }
    this.#resets.set(name, (this.#resets.get(name) ?? 0) + 1);
    this.#log.debug("Connection cut by the client", { listener: name, code });
  }

  #openCount(): number {
    return this.connections().reduce((sum, { count }) => sum + count, 0);
  }

  #followTls(name: string, server: HttpServer, tls: NonNullable<Listener["tls"]>): void {
    this.#stops.push(
      tls.onChange((material) => {
        try {
          server.reloadTls(material);
          this.#log.info("TLS material in use for new connections", { listener: name });
        } catch (error) {
          this.#log.error("TLS material refused by the server, the old stays in force", { listener: name, error });
        }
      }),
      () => tls.close(),
    );
  }
}

/** The usual causes in words with the remedy; the runtimes' own sentences differ. */
function whyNot(cause: unknown): string {
  const code: unknown = cause instanceof Error ? Reflect.get(cause, "code") : undefined;
  switch (code) {
    case "EADDRINUSE":
      return "the address is in use; stop what listens there or choose another";
    case "EACCES":
      return "this process may not use the port; choose one above 1023";
    case "EADDRNOTAVAIL":
      return "this machine does not have the address; use 127.0.0.1 for this machine alone or 0.0.0.0 for everyone";
    default:
      return cause instanceof Error ? cause.message : String(cause);
  }
}
