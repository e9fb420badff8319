// When history may be forgotten: only what is both old and plentiful goes. Time and revision are given.
import type { Revision } from "./revision.ts";

/** How much history to keep: everything younger than `ageMs`, and at least `countMin` revisions. */
export interface HistoryLimits {
  readonly ageMs: number;
  readonly countMin: number;
}

/** Five minutes and ten thousand revisions: a watch that was cut resumes within that without a new list. */
export const HISTORY_LIMITS: HistoryLimits = { ageMs: 5 * 60_000, countMin: 10_000 };

/** Samples closer together than this part of the age are not kept, so their number is bounded whatever the caller does. */
const SAMPLES_PER_AGE = 32;

/** Remembers at which revision the store was when, and answers up to where history may go. */
export class CompactionPolicy {
  readonly #limits: HistoryLimits;
  readonly #samples: { readonly atMs: number; readonly revision: Revision }[] = [];

  constructor(limits: HistoryLimits = HISTORY_LIMITS) {
    this.#limits = limits;
  }

  /** How often to call {@link sample}: so often that the samples span the age kept. */
  get intervalMs(): number {
    return Math.max(1000, Math.ceil((2 * this.#limits.ageMs) / SAMPLES_PER_AGE));
  }

  /** Notes the revision at `nowMs` (monotonic), and gives the revision to compact at, if there is one. */
  sample(nowMs: number, revision: Revision): Revision | undefined {
    const last = this.#samples.at(-1);
    if (last === undefined || nowMs - last.atMs >= this.#limits.ageMs / SAMPLES_PER_AGE) {
      this.#samples.push({ atMs: nowMs, revision });
    }
    let old: Revision | undefined;
    for (let next = this.#samples[0]; next !== undefined && next.atMs <= nowMs - this.#limits.ageMs;) {
      old = next.revision;
      this.#samples.shift();
      next = this.#samples[0];
    }
    const target = Math.min(old ?? 0, revision - this.#limits.countMin);
    return target > 0 ? (target as Revision) : undefined;
  }
}
