// How many sessions keep cipher objects: the busy ones. A cold session has its raw keys alone.
import { assert } from "@coracle/base";

/** Something that can give up its cipher objects and make them again. */
export interface Coolable {
  /** True since its last use; the pool sets it back. */
  recentlyUsed: boolean;
  /** Drops the cipher objects. */
  cool(): void;
}

/**
 * Bounds the cipher objects in memory by the second-chance rule: the oldest goes unless it was used since it was last
 * looked at. Costs nothing per record but setting a flag.
 */
export class CipherPool {
  readonly #capacity: number;
  readonly #warm: Coolable[] = [];
  #hand = 0;

  constructor(capacity: number) {
    assert(capacity >= 1, `Cannot make a cipher pool of ${capacity} entries`);
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#warm.length;
  }

  /** Takes note that `entry` has made cipher objects, and cools another if there are too many. */
  admit(entry: Coolable): void {
    if (this.#warm.length < this.#capacity) {
      this.#warm.push(entry);
      return;
    }
    for (let looked = 0; looked < this.#capacity; looked++) {
      const candidate = this.#warm[this.#hand];
      if (candidate === undefined || !candidate.recentlyUsed) break;
      candidate.recentlyUsed = false;
      this.#hand = (this.#hand + 1) % this.#capacity;
    }
    this.#warm[this.#hand]?.cool();
    this.#warm[this.#hand] = entry;
    this.#hand = (this.#hand + 1) % this.#capacity;
  }

  /** Forgets `entry`, whose session has ended. */
  release(entry: Coolable): void {
    const at = this.#warm.indexOf(entry);
    if (at < 0) return;
    const last = this.#warm.pop();
    if (last !== undefined && last !== entry) this.#warm[at] = last;
    if (this.#hand >= this.#warm.length) this.#hand = 0;
  }
}
