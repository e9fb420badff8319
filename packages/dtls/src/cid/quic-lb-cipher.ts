// The encryption of routable connection IDs (draft-ietf-quic-load-balancers-21 §5.3 and §5.4): one block, or four passes.
import { assert } from "@coracle/base";
import type { AesBlock } from "../crypto-provider.ts";

const BLOCK = 16;

/** Encrypts server id and nonce, at most 19 bytes: sixteen in one block, any other size by a four-pass Feistel network. */
export function encryptQuicLb(aes: AesBlock, plaintext: Uint8Array): Uint8Array {
  assertSize(plaintext);
  if (plaintext.length === BLOCK) return aes.encrypt(plaintext);
  const halves = split(plaintext);
  for (const pass of [1, 2, 3, 4]) mix(aes, halves, pass);
  return join(halves);
}

/** The inverse of {@link encryptQuicLb}. */
export function decryptQuicLb(aes: AesBlock, ciphertext: Uint8Array): Uint8Array {
  assertSize(ciphertext);
  if (ciphertext.length === BLOCK) return aes.decrypt(ciphertext);
  const halves = split(ciphertext);
  for (const pass of [4, 3, 2, 1]) mix(aes, halves, pass);
  return join(halves);
}

/** Both halves; with an odd size each has four bits of the byte in the middle. */
interface Halves {
  readonly size: number;
  readonly left: Uint8Array;
  readonly right: Uint8Array;
}

/** Odd passes change the right half by the left, even ones the left by the right. */
function mix(aes: AesBlock, halves: Halves, pass: number): void {
  const { left, right, size } = halves;
  const [source, target] = pass % 2 === 1 ? [left, right] : [right, left];
  const mask = aes.encrypt(expand(source, size, pass));
  for (let index = 0; index < target.length; index++) {
    target[index] = (target[index] as number) ^ (mask[index] as number);
  }
  if (size % 2 === 0) return;
  if (target === left) left[left.length - 1] = (left[left.length - 1] as number) & 0xf0;
  else right[0] = (right[0] as number) & 0x0f;
}

/** The half, zeros, the size of the whole and the number of the pass: one block. */
function expand(half: Uint8Array, size: number, pass: number): Uint8Array {
  const block = new Uint8Array(BLOCK);
  block.set(half);
  block[BLOCK - 2] = size;
  block[BLOCK - 1] = pass;
  return block;
}

function split(bytes: Uint8Array): Halves {
  const size = bytes.length;
  const half = Math.ceil(size / 2);
  const left = bytes.slice(0, half);
  const right = bytes.slice(size - half);
  if (size % 2 === 1) {
    left[half - 1] = (left[half - 1] as number) & 0xf0;
    right[0] = (right[0] as number) & 0x0f;
  }
  return { size, left, right };
}

function join({ size, left, right }: Halves): Uint8Array {
  const out = new Uint8Array(size);
  out.set(right, size - right.length);
  for (let index = 0; index < left.length; index++) out[index] = (out[index] as number) | (left[index] as number);
  return out;
}

function assertSize(bytes: Uint8Array): void {
  assert(bytes.length >= 5 && bytes.length <= 19, `Cannot encrypt an ID of ${bytes.length} bytes: 5..19 are possible`);
}
