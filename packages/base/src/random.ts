// Randomness as a parameter, and a seeded generator for tests and simulations.

/** Where randomness comes from. `runtime` has the system's, tests a seeded one. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform 32-bit unsigned integer. */
  uint32(): number;
  /** `size` random bytes in a fresh array. */
  bytes(size: number): Uint8Array;
}

/** xoshiro128** seeded through splitmix32 (Blackman and Vigna 2018): reproducible, not for keys. */
export class SeededRandom implements Random {
  readonly seed: number;
  readonly #state: Uint32Array = new Uint32Array(4);

  constructor(seed: number) {
    this.seed = seed >>> 0;
    let mixed = this.seed;
    for (let index = 0; index < 4; index++) {
      mixed = (mixed + 0x9e3779b9) >>> 0;
      let word = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
      word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
      this.#state[index] = (word ^ (word >>> 15)) >>> 0;
    }
  }

  uint32(): number {
    const [a, b, c, d] = this.#state as unknown as [number, number, number, number];
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const state = this.#state;
    const c2 = c ^ a;
    const d2 = d ^ b;
    state[1] = b ^ c2;
    state[0] = a ^ d2;
    state[2] = c2 ^ (b << 9);
    state[3] = (d2 << 11) | (d2 >>> 21);
    return result;
  }

  next(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  bytes(size: number): Uint8Array {
    const bytes = new Uint8Array(size);
    for (let index = 0; index < size; index++) bytes[index] = this.uint32() & 0xff;
    return bytes;
  }
}

/** Uniform integer in [min, max]. */
export function randomInteger(random: Random, min: number, max: number): number {
  return min + Math.floor(random.next() * (max - min + 1));
}
