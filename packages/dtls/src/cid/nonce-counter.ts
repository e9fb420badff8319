// Numbers for use once: a counter that starts anywhere and ends before it would repeat; several counters can share the numbers.
import { assert } from "@coracle/base";

/** Bytes at the end of a nonce that say whose it is. */
const TAIL_SIZE = 4;
const TAIL_VALUES = 0x1_0000_0000;

/** One of several that draw from the same nonces: those whose last four bytes are `index` modulo `count`. */
export interface NonceShare {
  readonly index: number;
  /** 1..256. */
  readonly count: number;
}

/** All nonces. */
export const WHOLE_SHARE: NonceShare = { index: 0, count: 1 };

/** Whose share of `count` the nonce is that ends in front of `end`: its last four bytes modulo `count`, which is 256 at most. */
export function nonceOwner(bytes: Uint8Array, end: number, count: number): number {
  // In two halves, so that every number on the way is a small integer: this is done for each record.
  const high = ((bytes[end - 4] ?? 0) << 8) | (bytes[end - 3] ?? 0);
  const low = ((bytes[end - 2] ?? 0) << 8) | (bytes[end - 1] ?? 0);
  return (((high % count) << 16) | low) % count;
}

/** Makes a nonce of at least four bytes one of the share, changing its end as little as can be. */
export function moveToShare(nonce: Uint8Array, { index, count }: NonceShare): void {
  assert(index >= 0 && index < count && count <= 256, `Cannot draw nonces as number ${index} of ${count}`);
  const view = new DataView(nonce.buffer, nonce.byteOffset, nonce.length);
  const tail = view.getUint32(nonce.length - TAIL_SIZE);
  const moved = tail - (tail % count) + index;
  view.setUint32(nonce.length - TAIL_SIZE, moved < TAIL_VALUES ? moved : moved - count);
}

/** Counts through a share of all values of `first.length` bytes, beginning near `first`. */
export class NonceCounter {
  readonly #share: NonceShare;
  readonly #first: Uint8Array;
  readonly #next: Uint8Array;
  #isUsedUp = false;

  constructor(first: Uint8Array, share: NonceShare = WHOLE_SHARE) {
    this.#share = share;
    this.#first = first.slice();
    if (share.count > 1) moveToShare(this.#first, share);
    this.#next = this.#first.slice();
  }

  /** True once all values have been given. */
  get isUsedUp(): boolean {
    return this.#isUsedUp;
  }

  /** The next value; `undefined` once all have been given. */
  next(): Uint8Array | undefined {
    if (this.#isUsedUp) return undefined;
    const value = this.#next.slice();
    do {
      increment(this.#next);
      this.#isUsedUp ||= this.#first.every((byte, at) => byte === this.#next[at]);
    } while (!this.#isUsedUp && !this.#isOwn());
    return value;
  }

  #isOwn(): boolean {
    const { index, count } = this.#share;
    return count === 1 || nonceOwner(this.#next, this.#next.length, count) === index;
  }
}

function increment(counter: Uint8Array): void {
  for (let at = counter.length - 1; at >= 0; at--) {
    counter[at] = ((counter[at] as number) + 1) & 0xff;
    if (counter[at] !== 0) return;
  }
}
