// When each watch gets its bookmark: about once a minute, spread so that a thousand watches do not get theirs at once.
import type { Random } from "@coracle/base";

/** Ticks of one period; a tick is a second. */
export const BOOKMARK_PERIOD_TICKS = 60;
/** A watch's own second lies this many ticks around a minute after its start. */
const JITTER_TICKS = 4;

/** Gives every watch a slot of the period. */
export class BookmarkSchedule<T extends object> {
  readonly #random: Random;
  readonly #slots: WeakMap<T, number> = new WeakMap();
  #tick = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** A second has passed. */
  advance(): void {
    this.#tick = (this.#tick + 1) % BOOKMARK_PERIOD_TICKS;
  }

  /** Whether a watch is due in this second. A watch that was never asked about is not. */
  isDue(watch: T): boolean {
    const slot = this.#slots.get(watch);
    if (slot !== undefined) return slot === this.#tick;
    const back = 1 + Math.floor(this.#random.next() * JITTER_TICKS);
    this.#slots.set(watch, (this.#tick + BOOKMARK_PERIOD_TICKS - back) % BOOKMARK_PERIOD_TICKS);
    return false;
  }
}
