// How fast long-running requests are ended at shutdown: evenly, so that their clients do not all come back at once (kube-api §4.2 step 8).
import { type Millis, millis } from "@coracle/base";

/** Kubernetes ends at least this many watches a second. */
const WATCH_ENDS_PER_SECOND_MIN = 200;
/** Ends due within this time of each other go in one batch; a timer for each would only add overhead. */
const BATCH_MS = 5;

/** Requests to end a second: all of them within the grace time, but not slower than 200 a second. No grace: all at once. */
function endsPerSecond(count: number, graceMs: number): number {
  if (graceMs <= 0) return Number.POSITIVE_INFINITY;
  return Math.max((count * 1000) / graceMs, WATCH_ENDS_PER_SECOND_MIN);
}

/** Deals out a fixed number of endings over time. */
export class WatchPace {
  readonly #startedAt: Millis;
  readonly #count: number;
  readonly #perMs: number;
  #taken: number = 0;

  constructor(options: { readonly now: Millis; readonly count: number; readonly graceMs: number }) {
    this.#startedAt = options.now;
    this.#count = options.count;
    this.#perMs = endsPerSecond(options.count, options.graceMs) / 1000;
  }

  /** How many more requests are to end at `now`; the first is due at once. */
  take(now: Millis): number {
    const elapsedMs = Math.max(0, now - this.#startedAt);
    // Infinity times zero is not a number: without grace everything is due at once.
    const due = Number.isFinite(this.#perMs)
      ? Math.min(this.#count, Math.floor(elapsedMs * this.#perMs + 1e-6) + 1)
      : this.#count;
    const taken = Math.max(0, due - this.#taken);
    this.#taken += taken;
    return taken;
  }

  /** When to call {@link take} again; `undefined` when all are dealt out. */
  next(): Millis | undefined {
    if (this.#taken >= this.#count) return undefined;
    const dueMs = Math.max(BATCH_MS, Math.ceil(this.#taken / this.#perMs));
    return millis(this.#startedAt + Math.ceil(dueMs / BATCH_MS) * BATCH_MS);
  }
}
