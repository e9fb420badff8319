// The AES block permutation (FIPS 197) over whole blocks: for connection IDs and constructions of our own layers.
import { createCipheriv, createDecipheriv } from "node:crypto";
import { assert } from "@coracle/base";

/** Encrypts blocks of 16 bytes independently under one 16- or 32-byte key. */
export interface AesBlock {
  /** The encryption of each block of `blocks`, whose length is a multiple of 16. */
  encrypt(blocks: Uint8Array): Uint8Array;
  /** The decryption of each block of `blocks`, whose length is a multiple of 16. */
  decrypt(blocks: Uint8Array): Uint8Array;
}

/** Keeps one encryptor for the life of the key; the rarer direction works on objects made per call. */
export function createAesBlock(key: Uint8Array): AesBlock {
  assert(key.length === 16 || key.length === 32, `Cannot use AES with a key of ${key.length} bytes`);
  const name = key.length === 16 ? "aes-128-ecb" : "aes-256-ecb";
  const encryptor = createCipheriv(name, key, null).setAutoPadding(false);
  return {
    encrypt: (blocks) => checked(blocks, encryptor.update(blocks)),
    decrypt: (blocks) => checked(blocks, createDecipheriv(name, key, null).setAutoPadding(false).update(blocks)),
  };
}

function checked(blocks: Uint8Array, result: Uint8Array): Uint8Array {
  assert(result.length === blocks.length, `Cannot work on ${blocks.length} bytes: not a multiple of 16`);
  return new Uint8Array(result.buffer, result.byteOffset, result.byteLength);
}
