// The buffer that messages are encoded into: it grows to a cap, is used again, and is never copied.
import { assert } from "@coracle/base";
import { HEADER_SIZE_BYTES, type OpenflowVersion } from "./version.ts";

const SIZE_BYTES_MAX = 1 << 26;
const MESSAGE_SIZE_BYTES_MAX = 0xffff;

/**
 * Appends network-order fields. Many messages follow each other in one buffer; {@link beginMessage} and
 * {@link endMessage} frame them. {@link written} is a view that the next write may overwrite.
 */
export class MessageBuffer {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView<ArrayBuffer>;
  #size = 0;

  constructor(sizeBytes: number = 4096) {
    this.#bytes = new Uint8Array(sizeBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** How many bytes are written. */
  get size(): number {
    return this.#size;
  }

  uint8(value: number): void {
    const at = this.#take(1);
    this.#view.setUint8(at, value);
  }

  uint16(value: number): void {
    const at = this.#take(2);
    this.#view.setUint16(at, value);
  }

  uint32(value: number): void {
    const at = this.#take(4);
    this.#view.setUint32(at, value);
  }

  /** A 48-bit unsigned integer, as a MAC address is. */
  uint48(value: number): void {
    const at = this.#take(6);
    this.#view.setUint16(at, Math.floor(value / 0x1_0000_0000));
    this.#view.setUint32(at + 2, value % 0x1_0000_0000);
  }

  uint64(value: bigint): void {
    const at = this.#take(8);
    this.#view.setBigUint64(at, value);
  }

  uint128(value: bigint): void {
    const at = this.#take(16);
    this.#view.setBigUint64(at, value >> 64n);
    this.#view.setBigUint64(at + 8, value);
  }

  bytes(value: Uint8Array): void {
    const at = this.#take(value.length);
    this.#bytes.set(value, at);
  }

  /** `count` zero bytes. */
  zeros(count: number): void {
    const at = this.#take(count);
    this.#bytes.fill(0, at, at + count);
  }

  /** Zero bytes until the distance from `start` is a multiple of 8. */
  padTo8(start: number): void {
    const rest = (this.#size - start) & 7;
    if (rest !== 0) this.zeros(8 - rest);
  }

  /** Overwrites two bytes already written. */
  patchUint16(at: number, value: number): void {
    if (at + 2 > this.#size) assert(false, `Cannot patch at ${at}: only ${this.#size} bytes are written`);
    this.#view.setUint16(at, value);
  }

  /** Writes a header whose length is not known yet; returns where the message starts. */
  beginMessage(version: OpenflowVersion, type: number, xid: number): number {
    const at = this.#take(HEADER_SIZE_BYTES);
    this.#view.setUint8(at, version);
    this.#view.setUint8(at + 1, type);
    this.#view.setUint16(at + 2, 0);
    this.#view.setUint32(at + 4, xid);
    return at;
  }

  /** Fills in the length of the message that starts at `start`. More than 65,535 bytes is a programmer error. */
  endMessage(start: number): void {
    const sizeBytes = this.#size - start;
    // The text is made only then: it would take longer than the message.
    if (sizeBytes > MESSAGE_SIZE_BYTES_MAX)
      assert(false, `Cannot encode a message of ${sizeBytes} bytes: 65535 is the most`);
    this.#view.setUint16(start + 2, sizeBytes);
  }

  /** What was written; shares memory with the buffer and is valid until the next write or reset. */
  written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#size);
  }

  /** Forgets what was written and keeps the memory. */
  reset(): void {
    this.#size = 0;
  }

  /** Forgets everything behind `size`. */
  truncate(size: number): void {
    assert(size <= this.#size, `Cannot truncate to ${size}: only ${this.#size} bytes are written`);
    this.#size = size;
  }

  #take(count: number): number {
    const at = this.#size;
    const end = at + count;
    if (end > this.#bytes.length) this.#grow(end);
    this.#size = end;
    return at;
  }

  #grow(sizeBytes: number): void {
    assert(
      sizeBytes <= SIZE_BYTES_MAX,
      `Cannot grow a message buffer to ${sizeBytes} bytes: ${SIZE_BYTES_MAX} is the most`,
    );
    const grown = new Uint8Array(Math.min(SIZE_BYTES_MAX, Math.max(sizeBytes, this.#bytes.length * 2)));
    grown.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
