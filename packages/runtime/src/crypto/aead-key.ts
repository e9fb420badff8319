// Keys of the AEAD algorithms.
import { assert } from "@coracle/base";
import type { AeadName } from "./aead-types.ts";

/** Asserts that a key has the size of its algorithm. */
export function checkKey(name: AeadName, key: Uint8Array): void {
  const wanted = name.startsWith("aes-256") ? 32 : 16;
  assert(key.length === wanted, `Cannot use ${name} with a key of ${key.length} bytes`);
}
