// Two parties on a virtual clock with a seeded network between them: delay, loss, duplication, reordering, an MTU.
import { ManualClock, type Millis, millis, type Random, randomInteger } from "@coracle/base";
import type { DtlsClient } from "../client.ts";
import type { DtlsOutput } from "../connection/outputs.ts";
import type { DtlsServer } from "../server.ts";

/** How the network treats datagrams. Shares are in [0, 1]. */
export interface NetworkFaults {
  readonly lossShare: number;
  readonly duplicateShare: number;
  readonly delayMsMin: number;
  readonly delayMsMax: number;
  /** Larger datagrams vanish. */
  readonly datagramSizeMax: number;
}

/** A network that loses nothing and keeps the order. */
export const PERFECT_NETWORK: NetworkFaults = {
  lossShare: 0,
  duplicateShare: 0,
  delayMsMin: 5,
  delayMsMax: 5,
  datagramSizeMax: 65_535,
};

/** A datagram on its way. */
interface InFlight {
  readonly at: Millis;
  readonly order: number;
  readonly to: string;
  readonly from: string;
  readonly bytes: Uint8Array;
}

/** Rounds before a run is taken for endless. */
const STEPS_MAX = 100_000;
export const SERVER_ADDRESS = "server";

/** A server and its clients, each client at an address that may change. */
export class LossyPair {
  readonly clock: ManualClock = new ManualClock();
  readonly server: DtlsServer;
  readonly serverOutputs: DtlsOutput[] = [];
  readonly #clients: Map<string, { client: DtlsClient; outputs: DtlsOutput[] }> = new Map();
  readonly #random: Random;
  #faults: NetworkFaults;
  #inFlight: InFlight[] = [];
  #order = 0;
  /** Every datagram put on the network, lost ones included. */
  readonly sent: { readonly from: string; readonly to: string; readonly bytes: Uint8Array }[] = [];

  constructor(server: DtlsServer, random: Random, faults: NetworkFaults = PERFECT_NETWORK) {
    this.server = server;
    this.#random = random;
    this.#faults = faults;
  }

  get now(): Millis {
    return this.clock.now();
  }

  setFaults(faults: NetworkFaults): void {
    this.#faults = faults;
  }

  /** Puts a client at an address and lets it connect; its outputs but datagrams are collected in the array given back. */
  connect(address: string, client: DtlsClient): DtlsOutput[] {
    const outputs: DtlsOutput[] = [];
    this.#clients.set(address, { client, outputs });
    client.handle({ kind: "connect", peer: SERVER_ADDRESS }, this.now);
    this.#drainClient(address);
    return outputs;
  }

  /** The client at one address appears at another from now on, as behind a NAT. */
  rebind(from: string, to: string): void {
    const entry = this.#clients.get(from);
    if (entry === undefined) return;
    this.#clients.delete(from);
    this.#clients.set(to, entry);
  }

  /** Drives the client at an address. */
  tell(address: string, input: Parameters<DtlsClient["handle"]>[0]): void {
    this.#clients.get(address)?.client.handle(input, this.now);
    this.#drainClient(address);
  }

  /** Drives the server. */
  tellServer(input: Parameters<DtlsServer["handle"]>[0]): void {
    this.server.handle(input, this.now);
    this.#drainServer();
  }

  /** Lets time pass until nothing is in flight and no timer is due within `quietMs`, or `until` says stop. */
  run(options: { readonly durationMs: number; readonly until?: () => boolean }): void {
    const end = this.now + options.durationMs;
    for (let step = 0; step < STEPS_MAX; step++) {
      if (options.until?.() === true) return;
      const next = this.#nextMoment();
      if (next === undefined || next > end) {
        this.clock.advance(end - this.now);
        return;
      }
      this.clock.advance(next - this.now);
      this.#deliverDue();
      this.#serveTimers();
    }
    throw new Error(`Cannot finish the simulation: ${STEPS_MAX} steps were taken`);
  }

  #nextMoment(): Millis | undefined {
    const moments = [
      this.server.nextTimeout(),
      ...[...this.#clients.values()].map(({ client }) => client.nextTimeout()),
      ...this.#inFlight.map((datagram) => datagram.at),
    ];
    let earliest: Millis | undefined;
    for (const moment of moments) {
      if (moment !== undefined && (earliest === undefined || moment < earliest)) earliest = moment;
    }
    return earliest;
  }

  #deliverDue(): void {
    const due = this.#inFlight.filter((datagram) => datagram.at <= this.now);
    this.#inFlight = this.#inFlight.filter((datagram) => datagram.at > this.now);
    for (const { to, from, bytes } of due.sort((a, b) => a.at - b.at || a.order - b.order)) {
      if (to === SERVER_ADDRESS) this.tellServer({ kind: "datagram", peer: from, bytes });
      else if (this.#clients.has(to)) this.tell(to, { kind: "datagram", peer: from, bytes });
    }
  }

  #serveTimers(): void {
    const due = (at: Millis | undefined): boolean => at !== undefined && at <= this.now;
    if (due(this.server.nextTimeout())) this.tellServer({ kind: "timeout" });
    for (const [address, { client }] of this.#clients) {
      if (due(client.nextTimeout())) this.tell(address, { kind: "timeout" });
    }
  }

  #drainServer(): void {
    for (let output = this.server.poll(); output !== undefined; output = this.server.poll()) {
      if (output.kind === "send") this.#transmit(SERVER_ADDRESS, output.peer, output.bytes);
      else this.serverOutputs.push(output);
    }
  }

  #drainClient(address: string): void {
    const entry = this.#clients.get(address);
    if (entry === undefined) return;
    for (let output = entry.client.poll(); output !== undefined; output = entry.client.poll()) {
      if (output.kind === "send") this.#transmit(address, output.peer, output.bytes);
      else entry.outputs.push(output);
    }
  }

  #transmit(from: string, to: string, bytes: Uint8Array): void {
    const { lossShare, duplicateShare, delayMsMin, delayMsMax, datagramSizeMax } = this.#faults;
    this.sent.push({ from, to, bytes });
    if (bytes.length > datagramSizeMax) return;
    const copies = this.#random.next() < duplicateShare ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (this.#random.next() < lossShare) continue;
      const at = millis(this.now + randomInteger(this.#random, delayMsMin, delayMsMax));
      this.#inFlight.push({ at, order: this.#order++, to, from, bytes: bytes.slice() });
    }
  }
}
