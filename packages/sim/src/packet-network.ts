// A seeded packet network on a virtual clock: delay, loss, duplication, reordering, partitions, slow and dead hosts.

/** A source of uniform numbers in [0, 1); the workspace's `Random` is one. */
export interface UniformSource {
  next(): number;
}

/** How the network treats a datagram. Every probability is per datagram and independent. */
export interface PacketNetworkOptions {
  readonly random: UniformSource;
  /** Probability that a datagram is lost. Default 0. */
  readonly lossRate?: number;
  /** Probability that it arrives twice. Default 0. */
  readonly duplicateRate?: number;
  /** Delay is uniform between these; a wide range reorders. Defaults 1 and 1. */
  readonly delayMsMin?: number;
  readonly delayMsMax?: number;
  /** Longer datagrams are lost. Default 65,507. */
  readonly sizeBytesMax?: number;
  /** Datagrams under way; more are lost. Default 100,000. */
  readonly packetsMax?: number;
}

/** A datagram that has arrived. */
export interface Packet {
  readonly from: string;
  readonly to: string;
  readonly bytes: Uint8Array;
  readonly atMs: number;
}

/** What happened to datagrams. */
export interface PacketCounts {
  sent: number;
  delivered: number;
  lost: number;
  duplicated: number;
  partitioned: number;
  oversize: number;
  overflow: number;
}

/**
 * Addresses are any strings. `send` puts a datagram on its way, `arrivals(now)` takes out what has arrived, in order of arrival,
 * `nextArrival` says when something will. The same random source and calls give the same run.
 */
export class PacketNetwork {
  readonly counts: PacketCounts = {
    sent: 0,
    delivered: 0,
    lost: 0,
    duplicated: 0,
    partitioned: 0,
    oversize: 0,
    overflow: 0,
  };
  lossRate: number;
  duplicateRate: number;
  readonly #options: PacketNetworkOptions;
  readonly #sides: Map<string, number> = new Map();
  readonly #extraDelayMs: Map<string, number> = new Map();
  #flights: Packet[] = [];

  constructor(options: PacketNetworkOptions) {
    this.#options = options;
    this.lossRate = options.lossRate ?? 0;
    this.duplicateRate = options.duplicateRate ?? 0;
  }

  /** Puts a copy of `bytes` on its way. */
  send(from: string, to: string, bytes: Uint8Array, nowMs: number): void {
    const { random, sizeBytesMax = 65_507 } = this.#options;
    this.counts.sent++;
    // Drawn always, so that switching a fault on does not change the rest of the run's draws.
    const lost = random.next() < this.lossRate;
    const twice = random.next() < this.duplicateRate;
    if (bytes.length > sizeBytesMax) this.counts.oversize++;
    else if (this.#parted(from, to)) this.counts.partitioned++;
    else if (lost) this.counts.lost++;
    else {
      this.#launch(from, to, bytes, nowMs);
      if (twice) {
        this.counts.duplicated++;
        this.#launch(from, to, bytes, nowMs);
      }
    }
  }

  /** Splits the network: only addresses of one group reach each other; the unnamed form a group of their own. */
  partition(groups: readonly (readonly string[])[]): void {
    this.#sides.clear();
    for (const [index, group] of groups.entries()) for (const address of group) this.#sides.set(address, index + 1);
  }

  /** Ends the partition. */
  heal(): void {
    this.#sides.clear();
  }

  /** Adds a delay to everything from and to an address; 0 ends it. */
  slow(address: string, delayMs: number): void {
    this.#extraDelayMs.set(address, delayMs);
  }

  /** When the next datagram arrives. */
  nextArrival(): number | undefined {
    return this.#flights[0]?.atMs;
  }

  /** Takes out every datagram that has arrived by `nowMs`. A partition since its sending stops it too. */
  arrivals(nowMs: number): Packet[] {
    let count = 0;
    while (count < this.#flights.length && (this.#flights[count]?.atMs ?? 0) <= nowMs) count++;
    const arrived = this.#flights.slice(0, count);
    this.#flights = this.#flights.slice(count);
    const passed = arrived.filter(({ from, to }) => !this.#parted(from, to));
    this.counts.partitioned += arrived.length - passed.length;
    this.counts.delivered += passed.length;
    return passed;
  }

  #parted(from: string, to: string): boolean {
    return (this.#sides.get(from) ?? 0) !== (this.#sides.get(to) ?? 0);
  }

  #launch(from: string, to: string, bytes: Uint8Array, nowMs: number): void {
    const { random, delayMsMin = 1, delayMsMax = 1, packetsMax = 100_000 } = this.#options;
    if (this.#flights.length >= packetsMax) {
      this.counts.overflow++;
      return;
    }
    const extraMs = (this.#extraDelayMs.get(from) ?? 0) + (this.#extraDelayMs.get(to) ?? 0);
    const atMs = nowMs + extraMs + delayMsMin + random.next() * (delayMsMax - delayMsMin);
    const flight: Packet = { from, to, bytes: bytes.slice(), atMs };
    let low = 0;
    let high = this.#flights.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#flights[middle]?.atMs ?? 0) <= atMs) low = middle + 1;
      else high = middle;
    }
    this.#flights.splice(low, 0, flight);
  }
}
