// A UDP server behind the router: each device has a source port of its own there, so that it needs to know nothing of DTLS.
import type { Clock, Millis } from "@coracle/base";
import { compareEndpoints, type Endpoint } from "@coracle/cluster";
import type { SessionId } from "@coracle/dtls";
import type { Logger } from "@coracle/lifecycle";
import { startInterval, type Timer, type UdpBatch, type UdpEndpoint } from "@coracle/runtime";
import { encodeProxyHeader } from "../core/proxy-header.ts";
import type { Application, ApplicationCounts, DescribeSession, Reply } from "./application.ts";
import { identityBytes } from "./identity-text.ts";
import type { OpenPort } from "./ports.ts";

/** Where plaintext goes and how. */
export interface UdpUpstreamOptions {
  readonly upstream: Endpoint;
  /** The address that devices send to, for the PROXY header. */
  readonly server: Endpoint;
  /** Puts a header of PROXY protocol version 2 in front of each datagram. */
  readonly proxyHeader: boolean;
  /** Source ports in use at once; the one idle longest makes room. */
  readonly socketsMax: number;
  /** A port without a datagram either way for this long is given up. */
  readonly idleMs: number;
  readonly open: OpenPort;
  readonly reply: Reply;
  readonly describe: DescribeSession;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Datagrams that wait for their port to open. */
const WAITING_MAX = 8;
/** A sweep for idle ports looks this often per idle time. */
const SWEEPS_PER_IDLE_TIME = 8;
const EMPTY: Uint8Array = new Uint8Array(0);

interface Link {
  readonly session: SessionId;
  port: UdpEndpoint | undefined;
  waiting: Uint8Array[];
  usedAt: Millis;
  isClosed: boolean;
}

/** Links in the order of their last use. */
export class UdpUpstream implements Application {
  readonly name = "udp";
  readonly #options: UdpUpstreamOptions;
  readonly #links: Map<SessionId, Link> = new Map();
  readonly #sweep: Timer;
  readonly #counts = {
    sent: 0,
    received: 0,
    opened: 0,
    evicted: 0,
    idle: 0,
    "drop-foreign-source": 0,
    "drop-waiting": 0,
    "drop-not-opened": 0,
    "drop-not-sent": 0,
  };

  constructor(options: UdpUpstreamOptions) {
    this.#options = options;
    const periodMs = options.idleMs / SWEEPS_PER_IDLE_TIME;
    this.#sweep = startInterval(periodMs, () => this.#giveUpIdle(), { keepsProcessAlive: false });
  }

  receive(session: SessionId, bytes: Uint8Array): void {
    const link = this.#linkOf(session);
    const { port } = link;
    const datagram = this.#withHeader(session, bytes);
    if (port !== undefined) this.#send(port, datagram);
    else if (link.waiting.length < WAITING_MAX) link.waiting.push(datagram);
    else this.#counts["drop-waiting"]++;
  }

  ended(session: SessionId): void {
    const link = this.#links.get(session);
    if (link !== undefined) this.#close(link);
  }

  counts(): ApplicationCounts {
    return this.#counts;
  }

  levels(): ApplicationCounts {
    return { ports: this.#links.size };
  }

  close(): void {
    this.#sweep.cancel();
    for (const link of this.#links.values()) this.#close(link);
  }

  #linkOf(session: SessionId): Link {
    const usedAt = this.#options.clock.now();
    const known = this.#links.get(session);
    if (known !== undefined) {
      this.#links.delete(session);
      this.#links.set(session, known);
      known.usedAt = usedAt;
      return known;
    }
    this.#makeRoom();
    const link: Link = { session, port: undefined, waiting: [], usedAt, isClosed: false };
    this.#links.set(session, link);
    void this.#open(link);
    return link;
  }

  async #open(link: Link): Promise<void> {
    const { open, log, upstream } = this.#options;
    try {
      const host = upstream.address.length === 4 ? "0.0.0.0" : "::";
      const port = await open({ host, port: 0 }, (batch) => this.#receive(link, batch));
      if (link.isClosed) return port.close();
      link.port = port;
      this.#counts.opened++;
      for (const datagram of link.waiting) this.#send(port, datagram);
    } catch (error) {
      this.#counts["drop-not-opened"] += link.waiting.length;
      log.warning("No source port for a device", { error });
      this.#close(link);
    }
    link.waiting = [];
  }

  #send(port: UdpEndpoint, datagram: Uint8Array): void {
    if (port.send(datagram, 0, datagram.length, this.#options.upstream)) this.#counts.sent++;
    else this.#counts["drop-not-sent"]++;
  }

  #receive(link: Link, batch: UdpBatch): void {
    const { upstream, reply, clock } = this.#options;
    for (let index = 0; index < batch.count; index++) {
      const datagram = batch.datagrams[index];
      if (datagram === undefined || link.isClosed) return;
      if (compareEndpoints(datagram.source, upstream) !== 0) {
        this.#counts["drop-foreign-source"]++;
        continue;
      }
      this.#counts.received++;
      link.usedAt = clock.now();
      reply(link.session, datagram.bytes.subarray(datagram.start, datagram.end));
    }
  }

  #withHeader(session: SessionId, bytes: Uint8Array): Uint8Array {
    const device = this.#options.proxyHeader ? this.#options.describe(session) : undefined;
    if (device === undefined) return bytes;
    const { identity, ownCid, client } = device;
    const header = encodeProxyHeader({
      client,
      server: this.#options.server,
      cid: ownCid,
      identityKind: identity.kind,
      identity: identity.kind === "anonymous" ? EMPTY : identityBytes(identity),
    });
    const datagram = new Uint8Array(header.length + bytes.length);
    datagram.set(header);
    datagram.set(bytes, header.length);
    return datagram;
  }

  #makeRoom(): void {
    if (this.#links.size < this.#options.socketsMax) return;
    for (const oldest of this.#links.values()) {
      this.#counts.evicted++;
      this.#close(oldest);
      return;
    }
  }

  #giveUpIdle(): void {
    const before = this.#options.clock.now() - this.#options.idleMs;
    for (const link of this.#links.values()) {
      if (link.usedAt > before) continue;
      this.#counts.idle++;
      this.#close(link);
    }
  }

  #close(link: Link): void {
    link.isClosed = true;
    link.port?.close();
    if (this.#links.get(link.session) === link) this.#links.delete(link.session);
  }
}
