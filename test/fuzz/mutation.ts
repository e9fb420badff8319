// What hostile datagrams are made of: real ones, cut, padded, joined, replayed, with changed fields, and noise.
import type { Random } from "@coracle/base";

/** Bytes in front of a mutated datagram: room for a header, as packet buffers have it. */
export const ROOM_BYTES = 64;
const SIZE_BYTES_MAX = 65_507;
const CID_RECORD = 25;
const CID_AT = 11;
/** The size of the CIDs in the corpus. */
const CID_SIZE = 6;

/** First bytes that mean something: TLS content types, pong, ping, backward, forward, CoAP. */
const FIRST_BYTES = [20, 21, 22, 23, 24, 25, 26, 27, 60, 61, 62, 63, 0x40, 0];
const LENGTHS = [0, 1, 2, 7, 8, 13, 15, 16, 17, 255, 256, 0x3fff, 0x4000, 0x4001, 0xffff];
const EPOCHS = [0, 1, 2, 0xffff];

/** Writes one hostile datagram after the other into the same memory. The same random source gives the same datagrams. */
export class Mutator {
  /** The datagram is `bytes[start, end)`. */
  readonly bytes: Uint8Array = new Uint8Array(ROOM_BYTES + SIZE_BYTES_MAX);
  readonly start: number = ROOM_BYTES;
  end: number = ROOM_BYTES;
  readonly #random: Random;
  readonly #templates: readonly Uint8Array[];

  constructor(templates: readonly Uint8Array[], random: Random) {
    this.#templates = templates;
    this.#random = random;
  }

  /** A copy of the datagram, for a message that shows it. */
  copy(): Uint8Array {
    return this.bytes.slice(this.start, this.end);
  }

  /** A changed copy of one datagram. */
  changed(bytes: Uint8Array): Uint8Array {
    this.end = this.start;
    this.#append(bytes);
    this.#change();
    return this.copy();
  }

  /** Makes the next one. */
  next(): void {
    this.end = this.start;
    const kind = this.#below(16);
    if (kind === 0) return this.#noise();
    this.#append(this.#template());
    // Some are replayed as they were.
    if (kind === 1) return;
    if (kind === 2) return this.#join();
    if (kind === 3) return this.#transplant();
    for (let changes = 1 + (this.#below(4) === 0 ? this.#below(4) : 0); changes > 0; changes--) this.#change();
  }

  #change(): void {
    switch (this.#below(9)) {
      case 0:
        this.end = this.start + this.#below(this.#size + 1);
        return;
      case 1:
        return this.#pad();
      case 2:
        return this.#set(this.#below(this.#size), this.#random.uint32());
      case 3:
        return this.#set(0, this.#of(FIRST_BYTES));
      case 4:
        return this.#changeLength();
      case 5:
        this.#set(3, this.#of(EPOCHS) >>> 8);
        return this.#set(4, this.#of(EPOCHS));
      case 6:
        // The sequence number: replayed, far ahead, the last there is.
        return this.#set(5 + this.#below(6), this.#below(2) === 0 ? 0xff : this.#random.uint32());
      case 7:
        return this.#changeCid();
      default:
        this.#set(this.#below(this.#size), 1 << this.#below(8), true);
    }
  }

  #noise(): void {
    const size = this.#below(200);
    for (let index = 0; index < size; index++) this.bytes[this.start + index] = this.#random.uint32();
    this.end = this.start + size;
    if (this.#below(2) === 0) this.#set(0, this.#of(FIRST_BYTES));
    if (this.#below(2) === 0) {
      this.#set(1, 0xfe);
      this.#set(2, 0xfd);
    }
  }

  /** Many records in one datagram: more than anyone walks. */
  #join(): void {
    for (let count = this.#below(20); count >= 0; count--) this.#append(this.#template());
  }

  /** The front of one datagram before the back of another: foreign payloads behind headers that are right. */
  #transplant(): void {
    this.end = this.start + this.#below(Math.min(this.#size, 40) + 1);
    const other = this.#template();
    this.#append(other.subarray(this.#below(Math.min(other.length, 40) + 1)));
  }

  #pad(): void {
    const size = this.#below(200) === 0 ? this.#below(SIZE_BYTES_MAX) : this.#below(80);
    const byte = this.#below(2) === 0 ? 0 : this.#random.uint32();
    const end = Math.min(this.end + size, this.start + SIZE_BYTES_MAX);
    this.bytes.fill(byte, this.end, end);
    this.end = end;
  }

  #changeLength(): void {
    const isCid = this.bytes[this.start] === CID_RECORD;
    const at = this.#below(3) === 0 ? this.#below(this.#size) : CID_AT + (isCid ? CID_SIZE : 0);
    const length = this.#of(LENGTHS);
    this.#set(at, length >>> 8);
    this.#set(at + 1, length);
  }

  /** An ID of this node, of another, of nobody, whose it never was. */
  #changeCid(): void {
    this.#set(CID_AT, this.#below(5));
    if (this.#below(2) === 0) this.#set(CID_AT + 1 + this.#below(CID_SIZE - 1), this.#random.uint32());
  }

  get #size(): number {
    return this.end - this.start;
  }

  #below(limit: number): number {
    return limit <= 1 ? 0 : this.#random.uint32() % limit;
  }

  #of(values: readonly number[]): number {
    return values[this.#below(values.length)] ?? 0;
  }

  #template(): Uint8Array {
    return this.#templates[this.#below(this.#templates.length)] ?? new Uint8Array(0);
  }

  #append(bytes: Uint8Array): void {
    const size = Math.min(bytes.length, this.start + SIZE_BYTES_MAX - this.end);
    this.bytes.set(size === bytes.length ? bytes : bytes.subarray(0, size), this.end);
    this.end += size;
  }

  #set(index: number, value: number, flips = false): void {
    if (index >= this.#size) return;
    const at = this.start + index;
    this.bytes[at] = flips ? (this.bytes[at] ?? 0) ^ value : value;
  }
}
