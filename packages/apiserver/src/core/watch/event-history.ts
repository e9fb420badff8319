// The recent changes of one resource, so that a watch resumes without loss: bounded by number, bytes and age.
import type { Millis } from "@coracle/base";
import type { CacheEvent } from "./cache-event.ts";

/** Limits of a history. */
export interface HistoryLimits {
  readonly eventsMax: number;
  readonly sizeBytesMax: number;
  readonly ageMaxMs: number;
}

/** Enough for a client that comes back within some minutes, and never more than this memory for one resource. */
export const HISTORY_LIMITS: HistoryLimits = {
  eventsMax: 20_000,
  sizeBytesMax: 32 * 1024 * 1024,
  ageMaxMs: 15 * 60_000,
};

/** Encoded frames are kept for this many of the newest events only. */
const FRAMES_KEPT = 64;

interface Entry {
  readonly event: CacheEvent;
  readonly at: Millis;
}

/** Events in revision order. `coveredFrom` is the revision after which nothing is missing. */
export class EventHistory {
  readonly #limits: HistoryLimits;
  #entries: Entry[] = [];
  #start = 0;
  #sizeBytes = 0;
  #coveredFrom: number;

  constructor(startRevision: number, limits: HistoryLimits = HISTORY_LIMITS) {
    this.#coveredFrom = startRevision;
    this.#limits = limits;
  }

  /** Watches can begin at this revision or later. */
  get coveredFrom(): number {
    return this.#coveredFrom;
  }

  get size(): number {
    return this.#entries.length - this.#start;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Appends a change and drops what is over the limits. */
  push(event: CacheEvent, now: Millis): void {
    this.#entries.push({ event, at: now });
    this.#sizeBytes += event.sizeBytes;
    const aged = this.#entries[this.#entries.length - 1 - FRAMES_KEPT];
    if (aged !== undefined) aged.event.dropFrames();
    while (this.#overLimits(now)) this.#dropOldest();
    if (this.#start > 1024 && this.#start * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#start);
      this.#start = 0;
    }
  }

  /** Everything after `revision`; `undefined` when some of it is forgotten. */
  since(revision: number): readonly CacheEvent[] | undefined {
    if (revision < this.#coveredFrom) return undefined;
    let low = this.#start;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.event.revision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#entries.slice(low).map((entry) => entry.event);
  }

  #overLimits(now: Millis): boolean {
    const oldest = this.#entries[this.#start];
    if (oldest === undefined || this.size <= 1) return false;
    const { eventsMax, sizeBytesMax, ageMaxMs } = this.#limits;
    return this.size > eventsMax || this.#sizeBytes > sizeBytesMax || now - oldest.at > ageMaxMs;
  }

  #dropOldest(): void {
    const oldest = this.#entries[this.#start];
    if (oldest === undefined) return;
    this.#sizeBytes -= oldest.event.sizeBytes;
    this.#coveredFrom = oldest.event.revision;
    this.#start++;
  }
}
