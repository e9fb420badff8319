// Addresses at which a node may be: pinged until one answers, soon at first, then with each discovery.
import type { Millis } from "@coracle/base";
import { copyEndpoint, type Endpoint, formatEndpoint } from "./endpoint.ts";
import type { NodeTableSettings } from "./node-table-options.ts";

/** The addresses at which a member is known. */
interface Occupied {
  has(key: string): boolean;
}

interface Candidate {
  readonly endpoint: Endpoint;
  attempts: number;
  nextPingAt: Millis;
}

/** The listed addresses without this node's own. At most `candidatesMax`; more are left out and counted. */
export class CandidateList {
  readonly #settings: NodeTableSettings;
  readonly #candidates: Map<string, Candidate> = new Map();
  #leftOut = 0;

  constructor(settings: NodeTableSettings) {
    this.#settings = settings;
  }

  /** Addresses of the newest list that did not fit. */
  get leftOut(): number {
    return this.#leftOut;
  }

  get size(): number {
    return this.#candidates.size;
  }

  has(key: string): boolean {
    return this.#candidates.has(key);
  }

  /** Takes a new list; addresses that were there keep their schedule, new ones are pinged within 100 ms. */
  replace(addresses: readonly Endpoint[], now: Millis): void {
    const { selfKeys, candidatesMax, random } = this.#settings;
    const former = new Map(this.#candidates);
    this.#candidates.clear();
    this.#leftOut = 0;
    for (const address of addresses) {
      const key = formatEndpoint(address);
      if (selfKeys.has(key) || this.#candidates.has(key)) continue;
      if (this.#candidates.size === candidatesMax) {
        this.#leftOut++;
        continue;
      }
      const fresh = { endpoint: copyEndpoint(address), attempts: 0, nextPingAt: (now + random.next() * 100) as Millis };
      this.#candidates.set(key, former.get(key) ?? fresh);
    }
  }

  /** Takes an address out until a new list names it. */
  remove(key: string): void {
    this.#candidates.delete(key);
  }

  /** Starts over with an address whose node died or left it. */
  restart(key: string, now: Millis): void {
    const candidate = this.#candidates.get(key);
    if (candidate === undefined) return;
    candidate.attempts = 0;
    candidate.nextPingAt = (now + this.#settings.timers.joinIntervalMs) as Millis;
  }

  /** Brings the next ping to an address forward, though not closer than the shortest pause to the one before. */
  hurry(key: string, now: Millis): void {
    const candidate = this.#candidates.get(key);
    if (candidate === undefined) return;
    const soon = (now + this.#settings.timers.joinIntervalMs) as Millis;
    if (candidate.nextPingAt > soon) candidate.nextPingAt = soon;
  }

  /** The addresses to ping now, leaving out those in `occupied`. `forming` makes the pauses short. */
  due(now: Millis, occupied: Occupied, forming: boolean): Endpoint[] {
    const due: Endpoint[] = [];
    for (const [key, candidate] of this.#candidates) {
      if (candidate.nextPingAt > now || occupied.has(key)) continue;
      candidate.nextPingAt = (now + this.#pauseMs(candidate.attempts, forming)) as Millis;
      candidate.attempts++;
      due.push(candidate.endpoint);
    }
    return due;
  }

  /** When the next address is due. */
  nextTimeout(occupied: Occupied): Millis | undefined {
    let earliest: Millis | undefined;
    for (const [key, { nextPingAt }] of this.#candidates)
      if (!occupied.has(key) && (earliest === undefined || nextPingAt < earliest)) earliest = nextPingAt;
    return earliest;
  }

  #pauseMs(attempts: number, forming: boolean): number {
    const { timers, random } = this.#settings;
    const capMs = forming ? timers.tickIntervalMs : timers.discoverIntervalMs;
    const pauseMs = Math.min(timers.joinIntervalMs * 2 ** Math.min(attempts, 16), capMs);
    return pauseMs * (0.75 + random.next() * 0.5);
  }
}
