// Keys to work on: each at most once in the queue and never twice at a time, with backoff (client-go util/workqueue).
import { type Millis, millis } from "@coracle/base";
import { DueHeap } from "./due-heap.ts";

/** Told what happens, for metrics. */
export interface WorkQueueObserver {
  /** A key came in that was not waiting already. */
  added?(): void;
  /** A key is worked on, after waiting so long. */
  started?(waitedMs: number): void;
  finished?(workedMs: number): void;
  /** A key waits for its backoff. */
  retried?(): void;
}

/** Settings of a {@link WorkQueue}. */
export interface WorkQueueOptions {
  /** First backoff of a key; doubled with each failure in a row. */
  readonly backoffMs: number;
  readonly backoffMsMax: number;
  /** Keys in it at once; further ones are refused and counted. Default: as many as come. */
  readonly keysMax?: number;
  /** Whether a failure's backoff holds for what was added meanwhile too: right where failures are seldom the key's. */
  readonly delaysAdded?: boolean;
  readonly observer?: WorkQueueObserver;
}

/** Places taken in the list of keys before they are given up. */
const COMPACT_FROM = 1024;

/** What is in the queue. */
export interface WorkQueueState {
  /** Ready to be worked on. */
  readonly depth: number;
  readonly processing: number;
  /** Waiting for their backoff. */
  readonly delayed: number;
  /** Sum and maximum of the time spent so far on what is being worked on. */
  readonly unfinishedMs: number;
  readonly longestMs: number;
}

/** Numbers since the start. */
export interface WorkQueueTotals {
  readonly added: number;
  readonly retried: number;
  readonly refused: number;
}

/**
 * Bounded by the number of keys there are, or by `keysMax`: a key is in it once. A key added while it is worked on is worked on again afterwards. A key
 * added while it waits for its backoff is worked on at once.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  /** Keys to work on, with when they arrived. */
  readonly #ready: Map<string, Millis> = new Map();
  /** The same keys in order of arrival, from `#first` on: a Map whose first entry is taken again and again is slow. */
  readonly #order: string[] = [];
  #first = 0;
  /** Keys worked on, with since when. */
  readonly #processing: Map<string, Millis> = new Map();
  /** Keys that arrived while being worked on. */
  readonly #dirty: Map<string, Millis> = new Map();
  readonly #delayed: DueHeap = new DueHeap();
  readonly #failures: Map<string, number> = new Map();

  readonly #totals: { -readonly [name in keyof WorkQueueTotals]: number } = { added: 0, retried: 0, refused: 0 };

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  add(key: string, now: Millis): void {
    if (this.#isFull() && !this.#has(key)) {
      this.#totals.refused++;
      return;
    }
    this.#delayed.remove(key);
    if (this.#ready.has(key) || this.#dirty.has(key)) return;
    this.#totals.added++;
    this.#options.observer?.added?.();
    if (this.#processing.has(key)) this.#dirty.set(key, now);
    else this.#append(key, now);
  }

  /** Adds after the key's backoff, unless it is waiting already. */
  retry(key: string, now: Millis): void {
    const failures = this.#failures.get(key) ?? 0;
    const { backoffMs, backoffMsMax, delaysAdded = false, observer } = this.#options;
    this.#failures.set(key, failures + 1);
    this.#totals.retried++;
    observer?.retried?.();
    if (delaysAdded) this.#dirty.delete(key);
    if (this.#ready.has(key) || this.#dirty.has(key)) return;
    this.#delayed.put(key, millis(now + Math.min(backoffMs * 2 ** Math.min(failures, 40), backoffMsMax)));
  }

  /** The key's next backoff is the first one again. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** The next key to work on; `done` must follow. */
  take(now: Millis): string | undefined {
    for (let due = this.#delayed.take(now); due !== undefined; due = this.#delayed.take(now)) this.add(due, now);
    const key = this.#order[this.#first];
    if (key === undefined) return undefined;
    this.#first++;
    if (this.#first >= COMPACT_FROM && this.#first * 2 >= this.#order.length) {
      this.#order.splice(0, this.#first);
      this.#first = 0;
    }
    const arrivedAt = this.#ready.get(key) ?? now;
    this.#ready.delete(key);
    this.#processing.set(key, now);
    this.#options.observer?.started?.(now - arrivedAt);
    return key;
  }

  /** The work on a key that `take` gave is over. */
  done(key: string, now: Millis): void {
    const startedAt = this.#processing.get(key);
    if (startedAt === undefined) return;
    this.#processing.delete(key);
    this.#options.observer?.finished?.(now - startedAt);
    const arrivedAt = this.#dirty.get(key);
    if (arrivedAt === undefined) return;
    this.#dirty.delete(key);
    this.#append(key, arrivedAt);
  }

  /** When the next backoff ends. */
  nextTimeout(): Millis | undefined {
    return this.#delayed.next();
  }

  state(now: Millis): WorkQueueState {
    let unfinishedMs = 0;
    let longestMs = 0;
    for (const startedAt of this.#processing.values()) {
      unfinishedMs += now - startedAt;
      longestMs = Math.max(longestMs, now - startedAt);
    }
    return {
      depth: this.#ready.size,
      processing: this.#processing.size,
      delayed: this.#delayed.size,
      unfinishedMs,
      longestMs,
    };
  }

  totals(): WorkQueueTotals {
    return this.#totals;
  }

  /** Failures in a row, and when the backoff ends; for looking at. */
  *delayed(): Generator<{ readonly key: string; readonly failures: number; readonly dueAt: Millis }> {
    for (const [key, failures] of this.#failures) {
      const dueAt = this.#delayed.dueAtOf(key);
      if (dueAt !== undefined) yield { key, failures, dueAt };
    }
  }

  #append(key: string, arrivedAt: Millis): void {
    this.#ready.set(key, arrivedAt);
    this.#order.push(key);
  }

  #isFull(): boolean {
    const { keysMax = Number.MAX_SAFE_INTEGER } = this.#options;
    return this.#ready.size + this.#processing.size + this.#delayed.size >= keysMax;
  }

  #has(key: string): boolean {
    return this.#ready.has(key) || this.#processing.has(key) || this.#delayed.dueAtOf(key) !== undefined;
  }
}
