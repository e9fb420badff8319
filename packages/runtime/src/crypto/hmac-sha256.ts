// HMAC-SHA256 (RFC 2104) under a key whose own blocks were compressed when it came: a short message costs three compressions and no
// allocation.
import { assert } from "@coracle/base";
import { sha256 } from "./digest.ts";
import type { KeyedHash } from "./provider-types.ts";
import { type Sha256Compressor, SHA256_INITIAL, swapBytes } from "./sha256-block.ts";

const BLOCK = 64;
const DIGEST_WORDS = 8;
/** Where the last block has its length in bits; the upper word of the two is always zero here. */
const LENGTH_WORD = 15;
const BITS = 8;
/** Beyond this the length in bits needs its upper word. */
const DATA_SIZE_BYTES_MAX: number = (1 << 28) - BLOCK;

/** The keyed hash; it always answers in the same 32 bytes. */
export function hmacSha256(compressor: Sha256Compressor, key: Uint8Array): KeyedHash {
  const short = key.length > BLOCK ? sha256(key) : key;
  const inner = keyState(compressor, short, 0x36);
  const outer = keyState(compressor, short, 0x5c);
  const digestWords = new Int32Array(DIGEST_WORDS);
  const digest = new Uint8Array(digestWords.buffer);
  return (data) => {
    load(compressor.state, inner);
    absorb(compressor, data);
    digestToBlock(compressor);
    load(compressor.state, outer);
    compressor.compress();
    for (let index = 0; index < DIGEST_WORDS; index++)
      digestWords[index] = swapBytes(compressor.state[index] as number);
    return digest;
  };
}

/** For eight words a loop is faster than a call. */
function load(state: Int32Array, words: Int32Array): void {
  for (let index = 0; index < DIGEST_WORDS; index++) state[index] = words[index] as number;
}

/** The state after the block that the key makes (RFC 2104 §2). */
function keyState(compressor: Sha256Compressor, key: Uint8Array, pad: number): Int32Array {
  const { state, block } = compressor;
  for (let index = 0; index < BLOCK; index++) block[index] = (key[index] ?? 0) ^ pad;
  state.set(SHA256_INITIAL);
  compressor.compress();
  const after = state.slice();
  block.fill(0);
  return after;
}

/** Compresses `data` and the padding behind it (FIPS 180-4 §5.1.1), one block having gone before. */
function absorb(compressor: Sha256Compressor, data: Uint8Array): void {
  const { block, blockWords } = compressor;
  const { length } = data;
  if (length > DATA_SIZE_BYTES_MAX) assert(false, `Cannot hash ${length} bytes at once`);
  let at = 0;
  for (; length - at >= BLOCK; at += BLOCK) {
    for (let index = 0; index < BLOCK; index++) block[index] = data[at + index] as number;
    compressor.compress();
  }
  const rest = length - at;
  for (let word = rest >> 2; word <= LENGTH_WORD; word++) blockWords[word] = 0;
  for (let index = 0; index < rest; index++) block[index] = data[at + index] as number;
  block[rest] = 0x80;
  // The length needs the last two words.
  if (rest >= BLOCK - 8) {
    compressor.compress();
    blockWords.fill(0);
  }
  blockWords[LENGTH_WORD] = swapBytes((BLOCK + length) * BITS);
  compressor.compress();
}

/** The inner digest as the one block that the outer one hashes. */
function digestToBlock({ state, blockWords }: Sha256Compressor): void {
  for (let index = 0; index < DIGEST_WORDS; index++) blockWords[index] = swapBytes(state[index] as number);
  blockWords[DIGEST_WORDS] = 0x80;
  for (let word = DIGEST_WORDS + 1; word < LENGTH_WORD; word++) blockWords[word] = 0;
  blockWords[LENGTH_WORD] = swapBytes((BLOCK + DIGEST_WORDS * 4) * BITS);
}
