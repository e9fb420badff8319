// The protobuf wire format, as far as an encoder needs it (protobuf.dev encoding): varints, doubles and length-delimited fields.
const CHUNK_BYTES = 4096;

/** Appends fields to a buffer that grows. */
export class ProtobufWriter {
  #bytes: Uint8Array = new Uint8Array(CHUNK_BYTES);
  #size = 0;

  /** Text field. */
  text(field: number, value: string): void {
    this.delimited(field, new TextEncoder().encode(value));
  }

  /** Field of bytes, or of an encoded message. */
  delimited(field: number, value: Uint8Array): void {
    this.#varint(field * 8 + 2);
    this.#varint(value.length);
    this.#grow(value.length);
    this.#bytes.set(value, this.#size);
    this.#size += value.length;
  }

  /** Boolean field. */
  bool(field: number, value: boolean): void {
    this.#varint(field * 8);
    this.#varint(value ? 1 : 0);
  }

  /** Field of a non-negative integer. */
  uint(field: number, value: number): void {
    this.#varint(field * 8);
    this.#varint(value);
  }

  /** Field of a double. */
  double(field: number, value: number): void {
    this.#varint(field * 8 + 1);
    this.#grow(8);
    new DataView(this.#bytes.buffer).setFloat64(this.#size, value, true);
    this.#size += 8;
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#size);
  }

  #varint(value: number): void {
    this.#grow(10);
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#size] = (rest % 128) + 128;
      this.#size += 1;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#size] = rest;
    this.#size += 1;
  }

  #grow(more: number): void {
    if (this.#size + more <= this.#bytes.length) return;
    const bigger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#size + more));
    bigger.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = bigger;
  }
}
