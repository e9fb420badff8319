// SHA-256's compression function (FIPS 180-4 §6.2.2) in TypeScript, for a runtime whose own costs more than computing it here. Its
// time depends on no data: no tables are looked up by it, and nothing branches.
import { type Sha256Compressor, swapBytes } from "./sha256-block.ts";

/** FIPS 180-4 §4.2.2: the first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const CONSTANTS: Int32Array = Int32Array.of(
  0x428a2f98,
  0x71374491,
  0xb5c0fbcf,
  0xe9b5dba5,
  0x3956c25b,
  0x59f111f1,
  0x923f82a4,
  0xab1c5ed5,
  0xd807aa98,
  0x12835b01,
  0x243185be,
  0x550c7dc3,
  0x72be5d74,
  0x80deb1fe,
  0x9bdc06a7,
  0xc19bf174,
  0xe49b69c1,
  0xefbe4786,
  0x0fc19dc6,
  0x240ca1cc,
  0x2de92c6f,
  0x4a7484aa,
  0x5cb0a9dc,
  0x76f988da,
  0x983e5152,
  0xa831c66d,
  0xb00327c8,
  0xbf597fc7,
  0xc6e00bf3,
  0xd5a79147,
  0x06ca6351,
  0x14292967,
  0x27b70a85,
  0x2e1b2138,
  0x4d2c6dfc,
  0x53380d13,
  0x650a7354,
  0x766a0abb,
  0x81c2c92e,
  0x92722c85,
  0xa2bfe8a1,
  0xa81a664b,
  0xc24b8b70,
  0xc76c51a3,
  0xd192e819,
  0xd6990624,
  0xf40e3585,
  0x106aa070,
  0x19a4c116,
  0x1e376c08,
  0x2748774c,
  0x34b0bcb5,
  0x391c0cb3,
  0x4ed8aa4a,
  0x5b9cca4f,
  0x682e6ff3,
  0x748f82ee,
  0x78a5636f,
  0x84c87814,
  0x8cc70208,
  0x90befffa,
  0xa4506ceb,
  0xbef9a3f7,
  0xc67178f2,
);
const ROUNDS = 64;

/** One state and block. */
export class ScriptSha256 implements Sha256Compressor {
  readonly state: Int32Array = new Int32Array(8);
  readonly blockWords: Int32Array<ArrayBuffer> = new Int32Array(16);
  readonly block: Uint8Array = new Uint8Array(this.blockWords.buffer);
  readonly #schedule: Int32Array = new Int32Array(ROUNDS);

  compress(): void {
    const { state } = this;
    const schedule = this.#expand();
    let [a, b, c, d, e, f, g, h] = [
      word(state, 0),
      word(state, 1),
      word(state, 2),
      word(state, 3),
      word(state, 4),
      word(state, 5),
      word(state, 6),
      word(state, 7),
    ];
    for (let round = 0; round < ROUNDS; round++) {
      const sumE = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
      const choice = (e & f) ^ (~e & g);
      const first = (h + sumE + choice + word(CONSTANTS, round) + word(schedule, round)) | 0;
      const sumA = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
      const majority = (a & b) ^ (a & c) ^ (b & c);
      h = g;
      g = f;
      f = e;
      e = (d + first) | 0;
      d = c;
      c = b;
      b = a;
      a = (first + sumA + majority) | 0;
    }
    state[0] = word(state, 0) + a;
    state[1] = word(state, 1) + b;
    state[2] = word(state, 2) + c;
    state[3] = word(state, 3) + d;
    state[4] = word(state, 4) + e;
    state[5] = word(state, 5) + f;
    state[6] = word(state, 6) + g;
    state[7] = word(state, 7) + h;
  }

  /** The message schedule (FIPS 180-4 §6.2.2, step 1). */
  #expand(): Int32Array {
    const schedule = this.#schedule;
    for (let index = 0; index < 16; index++) schedule[index] = swapBytes(word(this.blockWords, index));
    for (let index = 16; index < ROUNDS; index++) {
      const [near, far] = [word(schedule, index - 15), word(schedule, index - 2)];
      const sigma0 = rotate(near, 7) ^ rotate(near, 18) ^ (near >>> 3);
      const sigma1 = rotate(far, 17) ^ rotate(far, 19) ^ (far >>> 10);
      schedule[index] = word(schedule, index - 16) + sigma0 + word(schedule, index - 7) + sigma1;
    }
    return schedule;
  }
}

function word(words: Int32Array, index: number): number {
  return words[index] as number;
}

function rotate(value: number, bits: number): number {
  return (value >>> bits) | (value << (32 - bits));
}
