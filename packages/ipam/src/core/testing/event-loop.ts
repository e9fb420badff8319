// A virtual timeline: things happen in order of time, and nothing takes real time.
import { ManualClock, millis, type Millis } from "@coracle/base";

interface Happening {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** Runs what is scheduled; ties in order of scheduling. */
export class EventLoop {
  readonly clock: ManualClock = new ManualClock({ nowMs: 1000, wallMs: 1_767_225_600_000 });
  readonly #heap: Happening[] = [];
  #order = 0;

  get now(): Millis {
    return this.clock.now();
  }

  after(delayMs: number, run: () => void): void {
    this.at(this.now + delayMs, run);
  }

  at(time: number, run: () => void): void {
    const heap = this.#heap;
    const entry = { at: Math.max(time, this.now), order: this.#order++, run };
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, entry)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  /** Runs everything up to `until`; answers how much happened. */
  run(until: number): number {
    let count = 0;
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.at > until) break;
      this.#drop();
      this.clock.advance(millis(next.at - this.now));
      next.run();
      count++;
    }
    this.clock.advance(until - this.now);
    return count;
  }

  #drop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      const [left, right] = [heap[child], heap[child + 1]];
      if (left === undefined) break;
      let least = left;
      if (right !== undefined && isBefore(right, left)) {
        child++;
        least = right;
      }
      if (isBefore(last, least)) break;
      heap[index] = least;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(a: Happening, b: Happening): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
