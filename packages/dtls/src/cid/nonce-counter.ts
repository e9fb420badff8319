// Numbers for use once: a counter that starts anywhere and ends before it would repeat.

/** Counts through all values of `first.length` bytes, beginning with `first`. */
export class NonceCounter {
  readonly #first: Uint8Array;
  readonly #next: Uint8Array;
  #isUsedUp = false;

  constructor(first: Uint8Array) {
    this.#first = first.slice();
    this.#next = first.slice();
  }

  /** The next value; `undefined` once all have been given. */
  next(): Uint8Array | undefined {
    if (this.#isUsedUp) return undefined;
    const value = this.#next.slice();
    increment(this.#next);
    this.#isUsedUp = this.#first.every((byte, index) => byte === this.#next[index]);
    return value;
  }
}

function increment(counter: Uint8Array): void {
  for (let at = counter.length - 1; at >= 0; at--) {
    counter[at] = ((counter[at] as number) + 1) & 0xff;
    if (counter[at] !== 0) return;
  }
}
