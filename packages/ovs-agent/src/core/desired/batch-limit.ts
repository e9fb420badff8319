// How many owners go into a batch: half after a failure that blames nobody, twice after each success.

/** Between 1 and a maximum. A batch of one that fails has found the offender. */
export class BatchLimit {
  readonly #max: number;
  #current: number;

  constructor(max: number) {
    this.#max = max;
    this.#current = max;
  }

  /** The most for the next batch. */
  get current(): number {
    return this.#current;
  }

  /** A batch of `size` went in. */
  succeeded(size: number): void {
    if (size > 0) this.#current = Math.min(this.#max, this.#current * 2);
  }

  /** A batch of `size` failed as a whole. */
  failed(size: number): void {
    this.#current = Math.max(1, Math.ceil(Math.min(size, this.#current) / 2));
  }
}
