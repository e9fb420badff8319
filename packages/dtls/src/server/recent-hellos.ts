// The hellos of handshakes that were completed lately: a late duplicate of one must not begin a second handshake.
import type { Millis } from "@coracle/base";
import type { PeerAddress } from "../connection/outputs.ts";

/** Twice the longest life of a datagram (RFC 6347 §4.2.4). */
const REMEMBERED_MS = 240_000;

/** Bounded memory of address and client random, the oldest forgotten first. */
export class RecentHellos {
  readonly #capacity: number;
  readonly #seenAt: Map<string, Millis> = new Map();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#seenAt.size;
  }

  remember(peer: PeerAddress, random: Uint8Array, now: Millis): void {
    for (const [key, seenAt] of this.#seenAt) {
      if (now - seenAt <= REMEMBERED_MS && this.#seenAt.size < this.#capacity) break;
      this.#seenAt.delete(key);
    }
    this.#seenAt.set(keyOf(peer, random), now);
  }

  has(peer: PeerAddress, random: Uint8Array, now: Millis): boolean {
    const seenAt = this.#seenAt.get(keyOf(peer, random));
    return seenAt !== undefined && now - seenAt <= REMEMBERED_MS;
  }
}

/** Half of the random is as unique as all of it. */
function keyOf(peer: PeerAddress, random: Uint8Array): string {
  return String.fromCharCode(...random.subarray(0, 16)) + peer;
}
