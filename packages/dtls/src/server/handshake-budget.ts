// How many handshakes a server begins per second: a bucket that fills steadily, so that records never wait for them.
import type { Millis } from "@coracle/base";

/** Handshakes that may begin. */
export interface HandshakeRate {
  readonly perSecond: number;
  /** Most that may begin at once after a quiet time. */
  readonly burst: number;
}

/** A token bucket on a given clock. */
export class HandshakeBudget {
  readonly #rate: HandshakeRate;
  #tokens: number;
  #filledAt: Millis | undefined;

  constructor(rate: HandshakeRate) {
    this.#rate = rate;
    this.#tokens = rate.burst;
  }

  /** Takes one token; false if there is none. */
  take(now: Millis): boolean {
    const elapsedMs = this.#filledAt === undefined ? 0 : Math.max(0, now - this.#filledAt);
    this.#filledAt = now;
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + (elapsedMs * this.#rate.perSecond) / 1000);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
