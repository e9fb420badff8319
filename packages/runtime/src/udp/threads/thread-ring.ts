// Messages from one thread to another through shared memory: one writer, one reader, a fixed size, never a wait.
import { assert } from "@coracle/base";

/** 32-bit words in front of the messages. */
const HEAD = 0;
const TAIL = 1;
const BELL = 2;
const REFUSED = 3;
const CONTROL_SIZE_BYTES = 16;
/** Size and kind in front of each message. */
const MESSAGE_HEADER_BYTES = 8;
/** In the place of a size: the rest up to the end is empty. */
const WRAP = 0xffff_ffff;

/**
 * A ring of messages, each a kind (u32) and bytes. Positions count bytes modulo 2^32, so the size is a power of two. A message
 * lies in one piece, so only those below half the size are sure to fit once the reader has caught up. The
 * reader says when it goes to sleep; the writer then knows to wake it: nobody is woken for nothing.
 */
export class ThreadRing {
  readonly memory: SharedArrayBuffer;
  /** The messages' memory, for {@link reserve}. */
  readonly bytes: Uint8Array;
  readonly #control: Int32Array;
  readonly #words: Uint32Array;
  readonly #sizeBytes: number;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#sizeBytes = memory.byteLength - CONTROL_SIZE_BYTES;
    const isPower = this.#sizeBytes >= 64 && (this.#sizeBytes & (this.#sizeBytes - 1)) === 0;
    assert(isPower, `Cannot make a ring of ${this.#sizeBytes} bytes: it takes a power of two of at least 64`);
    this.#control = new Int32Array(memory, 0, 4);
    this.bytes = new Uint8Array(memory, CONTROL_SIZE_BYTES);
    this.#words = new Uint32Array(memory, CONTROL_SIZE_BYTES);
  }

  /** Memory for a ring with room for `sizeBytes` (a power of two) of messages. */
  static allocate(sizeBytes: number): SharedArrayBuffer {
    return new SharedArrayBuffer(CONTROL_SIZE_BYTES + sizeBytes);
  }

  /**
   * Writer: room for a message; the offset in {@link bytes} where its content goes, or −1 if it does not fit, which is
   * counted. To be followed by {@link commit} with the same size.
   */
  reserve(sizeBytes: number): number {
    const space = roomOf(sizeBytes);
    const tail = Atomics.load(this.#control, TAIL) >>> 0;
    const free = this.#sizeBytes - ((tail - Atomics.load(this.#control, HEAD)) >>> 0);
    const at = tail & (this.#sizeBytes - 1);
    const toEnd = this.#sizeBytes - at;
    if (space <= toEnd && space <= free) return at + MESSAGE_HEADER_BYTES;
    if (space > toEnd && space + toEnd <= free) {
      this.#words[at >>> 2] = WRAP;
      Atomics.store(this.#control, TAIL, (tail + toEnd) | 0);
      return MESSAGE_HEADER_BYTES;
    }
    Atomics.add(this.#control, REFUSED, 1);
    return -1;
  }

  /** Writer: publishes the reserved message. True if the reader sleeps and is to be woken. */
  commit(kind: number, sizeBytes: number): boolean {
    const tail = Atomics.load(this.#control, TAIL) >>> 0;
    const at = (tail & (this.#sizeBytes - 1)) >>> 2;
    this.#words[at] = sizeBytes;
    this.#words[at + 1] = kind;
    Atomics.store(this.#control, TAIL, (tail + roomOf(sizeBytes)) | 0);
    return Atomics.exchange(this.#control, BELL, 0) === 1;
  }

  /** Reader: hands over at most `countMax` messages, each as a copy; answers how many. */
  drain(countMax: number, take: (kind: number, bytes: Uint8Array) => void): number {
    let count = 0;
    while (count < countMax && !this.isEmpty()) {
      const head = Atomics.load(this.#control, HEAD) >>> 0;
      const at = head & (this.#sizeBytes - 1);
      const size = this.#words[at >>> 2] ?? 0;
      if (size === WRAP) {
        Atomics.store(this.#control, HEAD, (head + this.#sizeBytes - at) | 0);
        continue;
      }
      const kind = this.#words[(at >>> 2) + 1] ?? 0;
      const copy = new Uint8Array(size);
      copy.set(this.bytes.subarray(at + MESSAGE_HEADER_BYTES, at + MESSAGE_HEADER_BYTES + size));
      Atomics.store(this.#control, HEAD, (head + roomOf(size)) | 0);
      count++;
      take(kind, copy);
    }
    return count;
  }

  /** Reader: asks to be woken by the next message. False if there is one already: then do not sleep. */
  sleep(): boolean {
    Atomics.store(this.#control, BELL, 1);
    if (this.isEmpty()) return true;
    Atomics.store(this.#control, BELL, 0);
    return false;
  }

  /** Reader: no longer asleep. */
  awake(): void {
    Atomics.store(this.#control, BELL, 0);
  }

  isEmpty(): boolean {
    return Atomics.load(this.#control, HEAD) === Atomics.load(this.#control, TAIL);
  }

  /** Messages that did not fit so far. */
  refused(): number {
    return Atomics.load(this.#control, REFUSED) >>> 0;
  }
}

function roomOf(sizeBytes: number): number {
  return MESSAGE_HEADER_BYTES + ((sizeBytes + 7) & ~7);
}
