// A queue of fixed capacity over one array: the bounded buffer behind every stream in the workspace.
import { assert } from "./assert.ts";

/** First in, first out, at most `capacity` items. Full means `push` refuses; nothing is ever dropped silently. */
export class Ring<T> {
  readonly capacity: number;
  readonly #items: (T | undefined)[];
  #head = 0;
  #size = 0;

  constructor(capacity: number) {
    assert(Number.isInteger(capacity) && capacity > 0, `Cannot make a ring of capacity ${capacity}`);
    this.capacity = capacity;
    this.#items = [];
  }

  get size(): number {
    return this.#size;
  }

  get full(): boolean {
    return this.#size === this.capacity;
  }

  /** Appends; false when full, and then nothing changed. */
  push(item: T): boolean {
    if (this.#size === this.capacity) return false;
    this.#items[(this.#head + this.#size) % this.capacity] = item;
    this.#size++;
    return true;
  }

  /** Takes the oldest, or `undefined` when empty. */
  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.capacity;
    this.#size--;
    return item;
  }

  /** The item `index` places behind the oldest, or `undefined` past the end. */
  at(index: number): T | undefined {
    if (index < 0 || index >= this.#size) return undefined;
    return this.#items[(this.#head + index) % this.capacity];
  }

  /** Forgets everything. */
  clear(): void {
    this.#items.length = 0;
    this.#head = 0;
    this.#size = 0;
  }
}
