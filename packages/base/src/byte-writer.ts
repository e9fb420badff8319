// Writing network-order fields into a buffer that grows up to a cap.
import { assert } from "./assert.ts";

/** Appends big-endian fields. Writing past `sizeBytesMax` is a programmer error and asserts. */
export class ByteWriter {
  readonly #sizeBytesMax: number;
  #bytes: Uint8Array;
  #view: DataView;
  #offset = 0;

  constructor(options: { sizeBytes?: number; sizeBytesMax?: number } = {}) {
    this.#sizeBytesMax = options.sizeBytesMax ?? 1 << 24;
    this.#bytes = new Uint8Array(Math.min(options.sizeBytes ?? 256, this.#sizeBytesMax));
    this.#view = new DataView(this.#bytes.buffer);
  }

  get size(): number {
    return this.#offset;
  }

  uint8(value: number): this {
    const at = this.#grow(1);
    this.#view.setUint8(at, value);
    return this;
  }

  uint16(value: number): this {
    const at = this.#grow(2);
    this.#view.setUint16(at, value);
    return this;
  }

  uint24(value: number): this {
    const at = this.#grow(3);
    this.#view.setUint8(at, value >>> 16);
    this.#view.setUint16(at + 1, value & 0xffff);
    return this;
  }

  uint32(value: number): this {
    const at = this.#grow(4);
    this.#view.setUint32(at, value);
    return this;
  }

  uint48(value: number): this {
    const at = this.#grow(6);
    this.#view.setUint16(at, Math.floor(value / 0x1_0000_0000));
    this.#view.setUint32(at + 2, value >>> 0);
    return this;
  }

  uint64(value: bigint): this {
    const at = this.#grow(8);
    this.#view.setBigUint64(at, value);
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.#grow(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** Overwrites two bytes already written: for a length known only afterwards. */
  patchUint16(at: number, value: number): void {
    assert(at + 2 <= this.#offset, `Cannot patch at ${at}: only ${this.#offset} bytes are written`);
    this.#view.setUint16(at, value);
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#offset);
  }

  /** Starts over, keeping the buffer. */
  reset(): void {
    this.#offset = 0;
  }

  #grow(size: number): number {
    const at = this.#offset;
    const end = at + size;
    assert(end <= this.#sizeBytesMax, `Cannot write ${size} bytes: ${at} of at most ${this.#sizeBytesMax} are used`);
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.min(this.#sizeBytesMax, Math.max(end, this.#bytes.length * 2)));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#offset = end;
    return at;
  }
}
