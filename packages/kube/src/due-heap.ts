// Keys ordered by when they are due: a binary heap, with one due time for each key.
import type { Millis } from "@coracle/base";

interface Entry {
  readonly key: string;
  readonly dueAt: Millis;
}

/** A key put in again takes its new time; entries of old times are passed over when they come up. */
export class DueHeap {
  readonly #entries: Entry[] = [];
  readonly #dueAt: Map<string, Millis> = new Map();

  get size(): number {
    return this.#dueAt.size;
  }

  put(key: string, dueAt: Millis): void {
    this.#dueAt.set(key, dueAt);
    const entries = this.#entries;
    const entry = { key, dueAt };
    let at = entries.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = entries[parent];
      if (above === undefined || above.dueAt <= dueAt) break;
      entries[at] = above;
      at = parent;
    }
    entries[at] = entry;
    if (entries.length > 2 * this.#dueAt.size + 64) this.#compact();
  }

  remove(key: string): void {
    this.#dueAt.delete(key);
  }

  dueAtOf(key: string): Millis | undefined {
    return this.#dueAt.get(key);
  }

  /** The earliest due time. */
  next(): Millis | undefined {
    for (;;) {
      const first = this.#entries[0];
      if (first === undefined) return undefined;
      if (this.#dueAt.get(first.key) === first.dueAt) return first.dueAt;
      this.#dropFirst();
    }
  }

  /** Takes out a key that is due at `now`, the earliest first. */
  take(now: Millis): string | undefined {
    const dueAt = this.next();
    const first = this.#entries[0];
    if (dueAt === undefined || dueAt > now || first === undefined) return undefined;
    this.#dropFirst();
    this.#dueAt.delete(first.key);
    return first.key;
  }

  #dropFirst(): void {
    const entries = this.#entries;
    const last = entries.pop();
    if (last === undefined || entries.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const right = entries[child + 1];
      const left = entries[child];
      if (left === undefined) break;
      let least = left;
      if (right !== undefined && right.dueAt < left.dueAt) {
        child++;
        least = right;
      }
      if (least.dueAt >= last.dueAt) break;
      entries[at] = least;
      at = child;
    }
    entries[at] = last;
  }

  /** Forgets entries of old times, so that their number stays bounded by the number of keys. */
  #compact(): void {
    const live = this.#entries.filter((entry) => this.#dueAt.get(entry.key) === entry.dueAt);
    live.sort((a, b) => a.dueAt - b.dueAt);
    this.#entries.splice(0, this.#entries.length, ...live);
  }
}
