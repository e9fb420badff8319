// A NAT and a UDP balancer behind it as one table: which outside port and back end a client has, until it has others.
import { assert, type Millis, millis, type Random, TimerTable } from "@coracle/base";
import type {
  AddressKey,
  NatAddress,
  NatCounts,
  NatDrops,
  NatOptions,
  NatOutput,
  NatRoute,
  PortNumber,
} from "./nat-types.ts";
import { Rotation } from "./rotation.ts";

/** A client's way: the NAT's part is the port, the balancer's the back end. */
interface Flow {
  readonly key: AddressKey;
  readonly client: NatAddress;
  port: PortNumber;
  backend: number;
  lastSentAt: Millis;
}

/** A port that was left, and still delivers. */
interface LeftPort {
  readonly client: NatAddress;
  readonly until: Millis;
}

const SWEEP_MS = 1000;

/**
 * Decides for each datagram. The driver has one socket for each open port, and closes it when told. A rebinding is what a NAT
 * does that forgot a device: a new outside port, for which the balancer picks a back end by chance. A reshuffling is what a
 * balancer does that forgot or was replaced: the same port, another back end.
 */
export class NatTable {
  readonly counts: NatCounts = {
    toBackends: 0,
    toClients: 0,
    droppedToBackends: 0,
    droppedToClients: 0,
    flowsFull: 0,
    noFlow: 0,
    flows: 0,
    natTimeouts: 0,
    balancerTimeouts: 0,
    rebinds: 0,
    reshuffles: 0,
    failovers: 0,
  };
  readonly #options: NatOptions;
  readonly #random: Random;
  readonly #rotation: Rotation;
  readonly #flows: Map<AddressKey, Flow> = new Map();
  readonly #byPort: Map<PortNumber, Flow> = new Map();
  readonly #left: Map<PortNumber, LeftPort> = new Map();
  readonly #outputs: NatOutput[] = [];
  readonly #timers: TimerTable<"sweep" | "rebind" | "reshuffle"> = new TimerTable();
  #drops: NatDrops = { toBackends: 0, toClients: 0 };
  #lastPort: PortNumber = 0;

  constructor(options: NatOptions, random: Random) {
    assert(options.backendCount > 0, `Cannot balance without back ends: backendCount is ${options.backendCount}`);
    this.#options = options;
    this.#random = random;
    this.#rotation = new Rotation(options.backendCount, random);
  }

  /** Clients that have a way now. */
  get size(): number {
    return this.#flows.size;
  }

  /** Ports that were left and still deliver. */
  get lingering(): number {
    return this.#left.size;
  }

  get drops(): NatDrops {
    return this.#drops;
  }

  /** Flows of each back end, by index. */
  perBackend(): number[] {
    const counts = Array.from({ length: this.#options.backendCount }, () => 0);
    for (const { backend } of this.#flows.values()) counts[backend] = (counts[backend] ?? 0) + 1;
    return counts;
  }

  /** Starts the schedules. */
  start(now: Millis): void {
    const { rebindEveryMs, reshuffleEveryMs } = this.#options;
    this.#timers.set("sweep", millis(now + SWEEP_MS));
    if (rebindEveryMs !== undefined) this.#timers.set("rebind", millis(now + rebindEveryMs));
    if (reshuffleEveryMs !== undefined) this.#timers.set("reshuffle", millis(now + reshuffleEveryMs));
  }

  /** From now on this part of the datagrams is lost. */
  lose(drops: NatDrops): void {
    this.#drops = drops;
  }

  /** Where a client's datagram goes; `undefined` if it is dropped, which is counted. `client` is kept: give a copy that lasts. */
  fromClient(key: AddressKey, client: () => NatAddress, now: Millis): NatRoute | undefined {
    const flow = this.#flowOf(key, client, now);
    if (flow === undefined) {
      this.counts.flowsFull++;
      return undefined;
    }
    flow.lastSentAt = now;
    if (this.#drops.toBackends > 0 && this.#random.next() < this.#drops.toBackends) {
      this.counts.droppedToBackends++;
      return undefined;
    }
    this.counts.toBackends++;
    return flow;
  }

  /** Whom an answer at a port is for; `undefined` if it is dropped, which is counted. */
  fromBackend(port: PortNumber): NatAddress | undefined {
    const client = this.#byPort.get(port)?.client ?? this.#left.get(port)?.client;
    if (client === undefined) {
      this.counts.noFlow++;
      return undefined;
    }
    if (this.#drops.toClients > 0 && this.#random.next() < this.#drops.toClients) {
      this.counts.droppedToClients++;
      return undefined;
    }
    this.counts.toClients++;
    return client;
  }

  /** Gives `share` of the flows new ports and back ends by chance; answers how many. */
  rebind(share: number, now: Millis): number {
    return this.#each(share, (flow) => this.#rebindOne(flow, now));
  }

  /** Gives `share` of the flows back ends by chance; answers how many. */
  reshuffle(share: number): number {
    return this.#each(share, (flow) => {
      this.counts.reshuffles++;
      flow.backend = this.#rotation.any();
    });
  }

  /** Takes a back end out of the rotation, whose flows get others, or in again; answers how many flows moved. */
  setInRotation(backend: number, isIn: boolean): number {
    this.#rotation.set(backend, isIn);
    if (isIn) return 0;
    let moved = 0;
    for (const flow of this.#flows.values()) {
      if (flow.backend !== backend) continue;
      flow.backend = this.#rotation.any();
      moved++;
    }
    this.counts.failovers += moved;
    return moved;
  }

  isInRotation(backend: number): boolean {
    return this.#rotation.has(backend);
  }

  /** Does what is due. */
  timeout(now: Millis): void {
    const { rebindEveryMs = 0, reshuffleEveryMs = 0, share } = this.#options;
    for (let due = this.#timers.expire(now); due !== undefined; due = this.#timers.expire(now)) {
      if (due === "sweep") {
        this.#sweep(now);
        this.#timers.set("sweep", millis(now + SWEEP_MS));
      } else if (due === "rebind") {
        this.rebind(share, now);
        this.#timers.set("rebind", millis(now + rebindEveryMs));
      } else {
        this.reshuffle(share);
        this.#timers.set("reshuffle", millis(now + reshuffleEveryMs));
      }
    }
  }

  poll(): NatOutput | undefined {
    return this.#outputs.shift();
  }

  nextTimeout(): Millis | undefined {
    return this.#timers.next();
  }

  #flowOf(key: AddressKey, client: () => NatAddress, now: Millis): Flow | undefined {
    const { natTimeoutMs, balancerTimeoutMs, flowsMax } = this.#options;
    const known = this.#flows.get(key);
    if (known === undefined) {
      if (this.#flows.size >= flowsMax) return undefined;
      const flow = { key, client: client(), port: ++this.#lastPort, backend: this.#rotation.any(), lastSentAt: now };
      this.counts.flows++;
      this.#flows.set(key, flow);
      this.#byPort.set(flow.port, flow);
      return flow;
    }
    const silentMs = now - known.lastSentAt;
    if (silentMs >= natTimeoutMs) {
      this.counts.natTimeouts++;
      this.#rebindOne(known, now);
    } else if (silentMs >= balancerTimeoutMs) {
      this.counts.balancerTimeouts++;
      known.backend = this.#rotation.any();
    }
    return known;
  }

  #rebindOne(flow: Flow, now: Millis): void {
    this.counts.rebinds++;
    this.#leave(flow, now);
    flow.port = ++this.#lastPort;
    flow.backend = this.#rotation.any();
    this.#byPort.set(flow.port, flow);
  }

  #leave({ port, client }: Flow, now: Millis): void {
    const { lingerMs, flowsMax } = this.#options;
    this.#byPort.delete(port);
    if (lingerMs === 0) {
      this.#outputs.push({ kind: "close", port });
      return;
    }
    if (this.#left.size >= flowsMax) this.#closeOldest();
    this.#left.set(port, { client, until: millis(now + lingerMs) });
  }

  #closeOldest(): void {
    for (const port of this.#left.keys()) {
      this.#left.delete(port);
      this.#outputs.push({ kind: "close", port });
      return;
    }
  }

  #sweep(now: Millis): void {
    for (const [key, flow] of this.#flows) {
      if (now - flow.lastSentAt < this.#options.natTimeoutMs) continue;
      this.counts.natTimeouts++;
      this.#flows.delete(key);
      this.#byPort.delete(flow.port);
      this.#outputs.push({ kind: "close", port: flow.port });
    }
    for (const [port, { until }] of this.#left) {
      if (until > now) break;
      this.#left.delete(port);
      this.#outputs.push({ kind: "close", port });
    }
  }

  #each(share: number, move: (flow: Flow) => void): number {
    let moved = 0;
    for (const flow of this.#flows.values()) {
      if (share < 1 && this.#random.next() >= share) continue;
      move(flow);
      moved++;
    }
    return moved;
  }
}
