// The sockets of the simulated NAT: one for clients, one for each outside port; a timer for its schedules and for what is late.
import type { Millis } from "@coracle/base";
import type { Logger } from "@coracle/lifecycle";
import {
  addUdpStats,
  copyUdpAddress,
  openUdpEndpoint,
  type ReceivedDatagram,
  startTimer,
  systemClock,
  type Timer,
  type UdpAddress,
  udpAddressKey,
  type UdpBatch,
  UdpCounters,
  type UdpEndpoint,
  type UdpStats,
} from "@coracle/runtime";
import type { FaultyPath } from "../../core/nat/faulty-path.ts";
import type { NatTable } from "../../core/nat/nat-table.ts";
import type { NatAddress, PathFaults, PortNumber } from "../../core/nat/nat-types.ts";

/** An answer on its way to a client. */
export interface LateAnswer {
  readonly bytes: Uint8Array;
  readonly client: NatAddress;
}

/** The way between clients and the NAT, in its two directions. */
export interface NatPaths {
  readonly toBackends: FaultyPath<ReceivedDatagram>;
  readonly toClients: FaultyPath<LateAnswer>;
}

/** What a {@link NatDriver} works with. */
export interface NatDriverOptions {
  readonly table: NatTable;
  readonly paths: NatPaths;
  readonly backends: readonly UdpAddress[];
  /** IP address of the outside ports. */
  readonly outside: string;
  readonly log: Logger;
  /** Opens outside ports; another one in tests. */
  readonly openPort?: typeof openUdpEndpoint;
}

/** An outside port; while it opens, a few datagrams wait for it. */
interface OutsidePort {
  endpoint: UdpEndpoint | undefined;
  waiting: { readonly bytes: Uint8Array; readonly to: UdpAddress }[];
  isClosed: boolean;
}

/** Datagrams that wait for one outside port. */
export const WAITING_MAX = 8;
/** Outside ports are many, so their memory is small. */
const PORT_SIZES = { batchMax: 4, datagramSizeBytesMax: 2048, headroomBytes: 0 } as const;
/** All clients' datagrams wait in it while this process has no turn. */
const FRONT_BUFFER_BYTES = 8 * 1024 * 1024;

/** Carries datagrams both ways as the table decides. */
export class NatDriver {
  /** Datagrams lost in the driver: a port not open yet, a stranger at an outside port, a socket that could not be opened. */
  readonly lost: { portNotOpen: number; stranger: number; portFailed: number } = {
    portNotOpen: 0,
    stranger: 0,
    portFailed: 0,
  };
  readonly #options: NatDriverOptions;
  readonly #ports: Map<PortNumber, OutsidePort> = new Map();
  readonly #backendKeys: ReadonlySet<number | string>;
  readonly #frontCounters: UdpCounters = new UdpCounters();
  /** One for all outside ports, as they come and go. */
  readonly #portCounters: UdpCounters = new UdpCounters();
  #front: UdpEndpoint | undefined;
  #timer: Timer | undefined;
  #timerAt: Millis | undefined;

  constructor(options: NatDriverOptions) {
    this.#options = options;
    this.#backendKeys = new Set(options.backends.map(udpAddressKey));
  }

  /** Sockets towards back ends that are open. */
  get openPorts(): number {
    return this.#ports.size;
  }

  /** What the sockets dropped, and the kernel's queues in front of them; by cause. */
  socketDrops(): UdpStats["drops"] {
    // Those that are open read the kernel's counters now; closed ones have.
    this.#front?.stats();
    for (const { endpoint } of this.#ports.values()) endpoint?.stats();
    return addUdpStats([this.#frontCounters.stats(), this.#portCounters.stats()]).drops;
  }

  /** Listens for clients; answers the port. */
  async start(host: string, port: number): Promise<number> {
    const { endpoint } = await openUdpEndpoint({
      host,
      port,
      receiveBufferBytes: FRONT_BUFFER_BYTES,
      counters: this.#frontCounters,
      onBatch: (batch) => this.#fromClients(batch),
    });
    this.#front = endpoint;
    this.#options.table.start(systemClock.now());
    this.#arm();
    return endpoint.local.port;
  }

  /** New ports and back ends for a share of the clients. */
  rebind(share: number): number {
    const moved = this.#options.table.rebind(share, systemClock.now());
    this.#obey();
    return moved;
  }

  /** From now on both directions are so. */
  suffer(faults: PathFaults): void {
    this.#options.paths.toBackends.suffer(faults);
    this.#options.paths.toClients.suffer(faults);
  }

  close(): void {
    this.#timer?.cancel();
    this.#front?.close();
    this.#front = undefined;
    for (const port of this.#ports.values()) {
      port.isClosed = true;
      port.endpoint?.close();
    }
    this.#ports.clear();
  }

  #fromClients(batch: UdpBatch): void {
    const now = systemClock.now();
    for (let index = 0; index < batch.count; index++) {
      const datagram = batch.datagrams[index];
      if (datagram !== undefined) this.#fromClient(datagram, now);
    }
    this.#arm();
  }

  /** A datagram has set out: it goes to a back end as often as its way says, and with it those that waited for it. */
  #fromClient(datagram: ReceivedDatagram, now: Millis): void {
    let copies = this.#options.paths.toBackends.admit(udpAddressKey(datagram.source), () => copyOf(datagram), now);
    for (; copies > 0; copies--) this.#toBackend(datagram, now);
    this.#passToBackends(now);
  }

  #passToBackends(now: Millis): void {
    const path = this.#options.paths.toBackends;
    for (let late = path.take(now); late !== undefined; late = path.take(now)) this.#toBackend(late, now);
  }

  #toBackend({ bytes, start, end, source }: ReceivedDatagram, now: Millis): void {
    const { table, backends } = this.#options;
    const route = table.fromClient(udpAddressKey(source), () => copyUdpAddress(source), now);
    this.#obey();
    const to = route === undefined ? undefined : backends[route.backend];
    if (route === undefined || to === undefined) return;
    const port = this.#ports.get(route.port) ?? this.#create(route.port);
    if (port.endpoint !== undefined) {
      port.endpoint.send(bytes, start, end, to);
      port.endpoint.flush();
    } else if (port.waiting.length < WAITING_MAX) port.waiting.push({ bytes: bytes.slice(start, end), to });
    else this.lost.portNotOpen++;
  }

  #fromBackend(number: PortNumber, batch: UdpBatch): void {
    const now = systemClock.now();
    for (let index = 0; index < batch.count; index++) {
      const datagram = batch.datagrams[index];
      if (datagram === undefined) break;
      if (!this.#backendKeys.has(udpAddressKey(datagram.source))) {
        this.lost.stranger++;
        continue;
      }
      const client = this.#options.table.fromBackend(number);
      if (client !== undefined) this.#toClient(datagram, client, now);
    }
    this.#front?.flush();
    this.#arm();
  }

  #toClient(datagram: ReceivedDatagram, client: NatAddress, now: Millis): void {
    const { bytes, start, end } = datagram;
    const path = this.#options.paths.toClients;
    let copies = path.admit(udpAddressKey(client), () => ({ bytes: bytes.slice(start, end), client }), now);
    for (; copies > 0; copies--) this.#front?.send(bytes, start, end, client);
    this.#passToClients(now);
  }

  #passToClients(now: Millis): void {
    const path = this.#options.paths.toClients;
    for (let late = path.take(now); late !== undefined; late = path.take(now))
      this.#front?.send(late.bytes, 0, late.bytes.length, late.client);
  }

  #obey(): void {
    const { table } = this.#options;
    for (let output = table.poll(); output !== undefined; output = table.poll()) this.#close(output.port);
  }

  #create(number: PortNumber): OutsidePort {
    const port: OutsidePort = { endpoint: undefined, waiting: [], isClosed: false };
    this.#ports.set(number, port);
    void this.#open(number, port);
    return port;
  }

  async #open(number: PortNumber, port: OutsidePort): Promise<void> {
    const { openPort = openUdpEndpoint, outside } = this.#options;
    try {
      const { endpoint } = await openPort({
        host: outside,
        port: 0,
        sizes: PORT_SIZES,
        counters: this.#portCounters,
        onBatch: (batch) => this.#fromBackend(number, batch),
      });
      if (port.isClosed) return endpoint.close();
      port.endpoint = endpoint;
      for (const { bytes, to } of port.waiting) endpoint.send(bytes, 0, bytes.length, to);
      port.waiting = [];
      endpoint.flush();
    } catch (error) {
      this.lost.portFailed += port.waiting.length;
      port.waiting = [];
      this.#options.log.error("No socket for an outside port", { error });
    }
  }

  #close(number: PortNumber): void {
    const port = this.#ports.get(number);
    if (port === undefined) return;
    this.#ports.delete(number);
    port.isClosed = true;
    this.lost.portNotOpen += port.waiting.length;
    port.waiting = [];
    port.endpoint?.close();
  }

  #arm(): void {
    const next = this.#nextTimeout();
    if (next === undefined || this.#front === undefined) return;
    if (this.#timerAt !== undefined && this.#timerAt <= next) return;
    this.#timer?.cancel();
    this.#timerAt = next;
    this.#timer = startTimer(Math.max(1, next - systemClock.now()), () => this.#onTimer());
  }

  #nextTimeout(): Millis | undefined {
    const { table, paths } = this.#options;
    const timeouts = [table.nextTimeout(), paths.toBackends.nextTimeout(), paths.toClients.nextTimeout()];
    return timeouts.reduce((first, each) => (first === undefined || (each ?? first) < first ? each : first), undefined);
  }

  #onTimer(): void {
    this.#timerAt = undefined;
    const now = systemClock.now();
    this.#options.table.timeout(now);
    this.#obey();
    this.#passToBackends(now);
    this.#passToClients(now);
    this.#front?.flush();
    this.#arm();
  }
}

function copyOf({ bytes, start, end, source }: ReceivedDatagram): ReceivedDatagram {
  return { bytes: bytes.slice(start, end), start: 0, end: end - start, source: copyUdpAddress(source) };
}
