// HMAC-SHA256 (RFC 2104) of two of Bun's one-shot digests: half of what its keyed digest takes, and nothing allocated.
import { sha256 } from "./digest.ts";
import { hmacBytes } from "./hash.ts";
import type { KeyedHash } from "./provider-types.ts";

const BLOCK = 64;
const DIGEST_SIZE = 32;
/** Longer data is rare, and not worth the views. */
const DATA_SIZE_MAX = 256;

const inner: Uint8Array<ArrayBuffer> = new Uint8Array(BLOCK + DATA_SIZE_MAX);
const outer: Uint8Array<ArrayBuffer> = new Uint8Array(BLOCK + DIGEST_SIZE);
/** The beginnings of `inner`, by the size of the data in it. */
const innerViews: readonly Uint8Array<ArrayBuffer>[] = Array.from({ length: DATA_SIZE_MAX + 1 }, (_, size) =>
  inner.subarray(0, BLOCK + size),
);

/** The keyed hash; it always answers in the same 32 bytes. */
export function bunHmacSha256(key: Uint8Array): KeyedHash {
  const short = key.length > BLOCK ? sha256(key) : key;
  const innerPad = Uint8Array.from({ length: BLOCK }, (_, index) => (short[index] ?? 0) ^ 0x36);
  const outerPad = Uint8Array.from({ length: BLOCK }, (_, index) => (short[index] ?? 0) ^ 0x5c);
  const digest = new Uint8Array(DIGEST_SIZE);
  return (data) => {
    const view = innerViews[data.length];
    if (view === undefined) return hmacBytes("sha256", key, data);
    inner.set(innerPad);
    for (let index = 0; index < data.length; index++) inner[BLOCK + index] = data[index] as number;
    Bun.SHA256.hash(view, digest);
    outer.set(outerPad);
    for (let index = 0; index < DIGEST_SIZE; index++) outer[BLOCK + index] = digest[index] as number;
    Bun.SHA256.hash(outer, digest);
    return digest;
  };
}
