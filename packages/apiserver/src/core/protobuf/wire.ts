// Protobuf's wire format (protobuf.dev, Encoding): fields of a message without knowing what they mean. Never throws.
import { err, ok, type Result } from "@coracle/base";

/** One field: a number for varint and fixed forms, bytes for length-delimited ones. */
export interface WireField {
  readonly number: number;
  readonly value: bigint | number | Uint8Array;
}

const FIELDS_MAX = 100_000;

/** All fields of a message in order; an error for bytes that are none. */
export function readFields(bytes: Uint8Array): Result<readonly WireField[], string> {
  const reader = new WireReader(bytes);
  const fields: WireField[] = [];
  while (!reader.atEnd) {
    const field = reader.field();
    if (field === undefined || fields.length === FIELDS_MAX) return err("proto: illegal wire format");
    fields.push(field);
  }
  return ok(fields);
}

/** Reads forward over one message; every answer is `undefined` where the bytes run out or make no sense. */
class WireReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  field(): WireField | undefined {
    const tag = this.#varint();
    if (tag === undefined) return undefined;
    const number = Number(tag >> 3n);
    const value = this.#value(Number(tag & 7n));
    return value === undefined || number === 0 ? undefined : { number, value };
  }

  #value(wireType: number): WireField["value"] | undefined {
    switch (wireType) {
      case 0:
        return this.#varint();
      case 1:
        return this.#fixed(8);
      case 2:
        return this.#delimited();
      case 5:
        return this.#fixed(4);
      default:
        return undefined;
    }
  }

  #varint(): bigint | undefined {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) return undefined;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    return undefined;
  }

  #fixed(size: 4 | 8): number | undefined {
    if (this.#at + size > this.#bytes.length) return undefined;
    const value = size === 8 ? this.#view.getFloat64(this.#at, true) : this.#view.getFloat32(this.#at, true);
    this.#at += size;
    return value;
  }

  #delimited(): Uint8Array | undefined {
    const size = this.#varint();
    if (size === undefined || size < 0n || size > BigInt(this.#bytes.length - this.#at)) return undefined;
    const value = this.#bytes.subarray(this.#at, this.#at + Number(size));
    this.#at += Number(size);
    return value;
  }
}
