// The start of a wanted value whose end has not arrived: a buffer that grows to a limit and gives memory back.

const SIZE_MIN = 1024;
/** A buffer over this is given back once its value is done. */
const SIZE_IDLE_MAX = 65_536;

/** Collects pieces of one value. */
export class KeptBytes {
  readonly #sizeBytesMax: number;
  #bytes: Uint8Array = new Uint8Array(SIZE_MIN);
  #size = 0;

  constructor(sizeBytesMax: number) {
    this.#sizeBytesMax = sizeBytesMax;
  }

  /** How many bytes are held. */
  get size(): number {
    return this.#size;
  }

  /** The held bytes begin here; only the first `size` count. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Adds `source[start, end)`; false when that is over the limit, and then nothing changed. */
  append(source: Uint8Array, start: number, end: number): boolean {
    const size = this.#size + end - start;
    if (size > this.#sizeBytesMax) return false;
    if (size > this.#bytes.length) {
      const grown = new Uint8Array(Math.min(this.#sizeBytesMax, Math.max(size, this.#bytes.length * 2)));
      grown.set(this.#bytes.subarray(0, this.#size));
      this.#bytes = grown;
    }
    this.#bytes.set(source.subarray(start, end), this.#size);
    this.#size = size;
    return true;
  }

  /** Forgets what is held. */
  clear(): void {
    this.#size = 0;
    if (this.#bytes.length > SIZE_IDLE_MAX) this.#bytes = new Uint8Array(SIZE_MIN);
  }
}
