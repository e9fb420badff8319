// Bounds-checked reading of network-order fields. Running off the end is an answer, not an exception.

/**
 * Reads big-endian fields from a byte array. A read past the end returns 0 (or an empty view) and sets `failed`, so a
 * parser checks once at the end instead of at each field. `subarray` results share memory with the input.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;
  #failed = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** True once any read went past the end. */
  get failed(): boolean {
    return this.#failed;
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  uint8(): number {
    return this.#take(1) ? this.#view.getUint8(this.#offset - 1) : 0;
  }

  uint16(): number {
    return this.#take(2) ? this.#view.getUint16(this.#offset - 2) : 0;
  }

  uint24(): number {
    if (!this.#take(3)) return 0;
    return (this.#view.getUint8(this.#offset - 3) << 16) | this.#view.getUint16(this.#offset - 2);
  }

  uint32(): number {
    return this.#take(4) ? this.#view.getUint32(this.#offset - 4) : 0;
  }

  /** A 48-bit unsigned integer; fits a double exactly. */
  uint48(): number {
    if (!this.#take(6)) return 0;
    const high = this.#view.getUint16(this.#offset - 6);
    return high * 0x1_0000_0000 + this.#view.getUint32(this.#offset - 4);
  }

  uint64(): bigint {
    return this.#take(8) ? this.#view.getBigUint64(this.#offset - 8) : 0n;
  }

  /** A view of the next `size` bytes. */
  bytes(size: number): Uint8Array {
    if (!this.#take(size)) return this.#bytes.subarray(0, 0);
    return this.#bytes.subarray(this.#offset - size, this.#offset);
  }

  /** Steps over `size` bytes. */
  skip(size: number): void {
    this.#take(size);
  }

  #take(size: number): boolean {
    if (this.#failed || size < 0 || size > this.#bytes.length - this.#offset) {
      this.#failed = true;
      return false;
    }
    this.#offset += size;
    return true;
  }
}
