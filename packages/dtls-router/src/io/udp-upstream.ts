// A UDP server behind the router: each device has a source port of its own there, so that it needs to know nothing of DTLS.
import { type Clock, type Millis, millis } from "@coracle/base";
import { compareEndpoints, type Endpoint } from "@coracle/cluster";
import type { SessionId } from "@coracle/dtls";
import type { UdpBatch } from "@coracle/runtime";
import { encodeProxyHeader } from "../core/proxy-header.ts";
import type { Application, ApplicationCounts, DescribeSession, Reply } from "./application.ts";
import { identityBytes } from "./identity-text.ts";
import type { DevicePort, OpenDevicePort } from "./ports.ts";

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
  readonly open: OpenDevicePort;
  readonly reply: Reply;
  readonly describe: DescribeSession;
  readonly clock: Clock;
  /** Told when no port can be opened. */
  readonly warn: (message: string, error: Error) => void;
}

/** Datagrams that wait for their port to open. */
const WAITING_MAX = 8;
/** A sweep for idle ports looks this often per idle time. */
const SWEEPS_PER_IDLE_TIME = 8;
const EMPTY: Uint8Array = new Uint8Array(0);

interface Link {
  readonly session: SessionId;
  port: DevicePort | undefined;
  waiting: Uint8Array[];
  usedAt: Millis;
  isClosed: boolean;
}

/** Links in the order of their last use. */
export class UdpUpstream implements Application {
  readonly name = "udp";
  readonly #options: UdpUpstreamOptions;
  readonly #links: Map<SessionId, Link> = new Map();
  #sweepAt: Millis;
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
    this.#sweepAt = millis(options.clock.now() + options.idleMs / SWEEPS_PER_IDLE_TIME);
  }

  receive(session: SessionId, bytes: Uint8Array): void {
    const known = this.#use(session);
    const link = known ?? this.#add(session);
    const { port } = link;
    const datagram = this.#withHeader(session, bytes);
    if (port !== undefined) this.#send(port, datagram);
    else if (link.waiting.length < WAITING_MAX) link.waiting.push(datagram);
    else this.#counts["drop-waiting"]++;
    if (known === undefined) this.#open(link);
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

  tick(now: Millis): void {
    const { idleMs } = this.#options;
    if (now < this.#sweepAt) return;
    this.#sweepAt = millis(now + idleMs / SWEEPS_PER_IDLE_TIME);
    this.#giveUpIdle(millis(now - idleMs));
  }

  close(): void {
    for (const link of this.#links.values()) this.#close(link);
  }

  /** The link of a session, now the one used last. */
  #use(session: SessionId): Link | undefined {
    const known = this.#links.get(session);
    if (known === undefined) return undefined;
    this.#links.delete(session);
    this.#links.set(session, known);
    known.usedAt = this.#options.clock.now();
    return known;
  }

  #add(session: SessionId): Link {
    this.#makeRoom();
    const usedAt = this.#options.clock.now();
    const link: Link = { session, port: undefined, waiting: [], usedAt, isClosed: false };
    this.#links.set(session, link);
    return link;
  }

  #open(link: Link): void {
    const { open, upstream } = this.#options;
    open({
      host: upstream.address.length === 4 ? "0.0.0.0" : "::",
      onBatch: (batch) => this.#receive(link, batch),
      opened: (result) => this.#opened(link, result),
    });
  }

  #opened(link: Link, result: DevicePort | Error): void {
    const { waiting } = link;
    link.waiting = [];
    if (result instanceof Error) {
      this.#counts["drop-not-opened"] += waiting.length;
      this.#options.warn("No source port for a device", result);
      this.#close(link);
    } else if (link.isClosed) {
      result.close();
    } else {
      link.port = result;
      this.#counts.opened++;
      for (const datagram of waiting) this.#send(result, datagram);
    }
  }

  #send(port: DevicePort, datagram: Uint8Array): void {
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

  #giveUpIdle(before: Millis): void {
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
