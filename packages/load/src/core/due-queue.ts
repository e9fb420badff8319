// What is due next: a binary heap of numbered deadlines; one that was changed leaves its old entry to be passed over.
import type { Millis } from "@coracle/base";

interface Entry {
  readonly at: Millis;
  readonly index: number;
  /** Of deadlines at one time the one that was set first comes first. */
  readonly order: number;
}

/** One deadline for each number below the count. */
export class DueQueue {
  readonly #at: (Millis | undefined)[];
  #heap: Entry[] = [];
  #order = 0;

  constructor(count: number) {
    this.#at = Array.from({ length: count }, () => undefined);
  }

  /** Sets or clears the deadline of `index`. */
  set(index: number, at: Millis | undefined): void {
    if (this.#at[index] === at) return;
    this.#at[index] = at;
    if (at === undefined) return;
    if (this.#heap.length > 4 * this.#at.length + 64) this.#compact();
    this.#push({ at, index, order: this.#order++ });
  }

  /** The earliest deadline. */
  next(): Millis | undefined {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (this.#at[first.index] === first.at) return first.at;
      this.#dropFirst();
    }
    return undefined;
  }

  /** Takes one number that is due at `now`, the earliest first; its deadline is cleared. */
  take(now: Millis): number | undefined {
    const at = this.next();
    const first = this.#heap[0];
    if (at === undefined || at > now || first === undefined) return undefined;
    this.#dropFirst();
    this.#at[first.index] = undefined;
    return first.index;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isEarlier(above, entry)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  #dropFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      const [left, right] = [heap[child], heap[child + 1]];
      const isRight = left !== undefined && right !== undefined && isEarlier(right, left);
      const least = isRight ? right : left;
      if (least === undefined || isEarlier(last, least)) break;
      heap[at] = least;
      at = isRight ? child + 1 : child;
    }
    heap[at] = last;
  }

  #compact(): void {
    const live = this.#heap.filter((entry) => this.#at[entry.index] === entry.at);
    this.#heap = live.sort((a, b) => a.at - b.at || a.order - b.order);
  }
}

function isEarlier(one: Entry, other: Entry): boolean {
  return one.at === other.at ? one.order < other.order : one.at < other.at;
}
