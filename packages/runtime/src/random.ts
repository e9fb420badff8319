// The system's cryptographic random source behind base's Random.
import { webcrypto } from "node:crypto";
import type { Random } from "@coracle/base";
import { randomBytes } from "./crypto/digest.ts";

/** Numbers drawn at once: one call into the kernel serves many `next()`. */
const POOL_WORDS = 256;

class SystemRandom implements Random {
  readonly #pool: Uint32Array<ArrayBuffer> = new Uint32Array(POOL_WORDS);
  #used: number = POOL_WORDS;

  uint32(): number {
    if (this.#used === POOL_WORDS) {
      webcrypto.getRandomValues(this.#pool);
      this.#used = 0;
    }
    const word = this.#pool[this.#used] ?? 0;
    this.#pool[this.#used++] = 0;
    return word;
  }

  next(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  bytes(size: number): Uint8Array {
    return randomBytes(size);
  }
}

/** Randomness fit for keys, tokens and jitter alike. */
export const systemRandom: Random = new SystemRandom();
