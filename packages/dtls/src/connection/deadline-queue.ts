// Deadlines of many owners, one each, as a binary heap: setting and taking cost the logarithm of their number.
import type { Millis } from "@coracle/base";

/** Something that waits for at most one moment. Only the queue writes `dueAt`. */
export interface DeadlineOwner {
  dueAt: Millis | undefined;
}

interface Entry<Owner> {
  readonly at: Millis;
  readonly owner: Owner;
}

/** Heap size from which outdated entries are swept out. */
const SWEEP_SIZE_MIN = 64;

/** The owner due first. Entries of a moved deadline stay until they come up or the heap is swept. */
export class DeadlineQueue<Owner extends DeadlineOwner> {
  #heap: Entry<Owner>[] = [];
  #sweepAt = SWEEP_SIZE_MIN;

  /** Entries held, outdated ones included. */
  get size(): number {
    return this.#heap.length;
  }

  /** Sets, moves or (with `undefined`) clears an owner's deadline. */
  set(owner: Owner, at: Millis | undefined): void {
    if (owner.dueAt === at) return;
    owner.dueAt = at;
    if (at === undefined) return;
    if (this.#heap.length >= this.#sweepAt) this.#sweep();
    this.#heap.push({ at, owner });
    this.#rise(this.#heap.length - 1);
  }

  /** The earliest deadline. */
  next(): Millis | undefined {
    this.#dropOutdated();
    return this.#heap[0]?.at;
  }

  /** Takes out one owner whose deadline has come. */
  expire(now: Millis): Owner | undefined {
    this.#dropOutdated();
    const first = this.#heap[0];
    if (first === undefined || first.at > now) return undefined;
    this.#pop();
    first.owner.dueAt = undefined;
    return first.owner;
  }

  #dropOutdated(): void {
    for (let first = this.#heap[0]; first !== undefined && first.owner.dueAt !== first.at; first = this.#heap[0]) {
      this.#pop();
    }
  }

  #pop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #sweep(): void {
    this.#heap = this.#heap.filter((entry) => entry.owner.dueAt === entry.at).sort((a, b) => a.at - b.at);
    this.#sweepAt = Math.max(SWEEP_SIZE_MIN, this.#heap.length * 2);
  }

  #rise(from: number): void {
    const heap = this.#heap;
    for (let at = from; at > 0;) {
      const parent = (at - 1) >> 1;
      if ((heap[parent] as Entry<Owner>).at <= (heap[at] as Entry<Owner>).at) return;
      swap(heap, at, parent);
      at = parent;
    }
  }

  #sink(from: number): void {
    const heap = this.#heap;
    for (let at = from; ;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && (heap[child] as Entry<Owner>).at < (heap[least] as Entry<Owner>).at) least = child;
      }
      if (least === at) return;
      swap(heap, at, least);
      at = least;
    }
  }
}

function swap(heap: unknown[], a: number, b: number): void {
  const kept = heap[a];
  heap[a] = heap[b];
  heap[b] = kept;
}
