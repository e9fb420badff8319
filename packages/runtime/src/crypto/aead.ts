// Authenticated encryption with long-lived keys: AES-GCM (NIST SP 800-38D) and AES-CCM (RFC 3610), 12-byte nonces.
import { AesCcm } from "./aes-ccm.ts";
import { AesGcm } from "./aes-gcm.ts";

/** The algorithms offered. The number at the end of a CCM name is its tag size in bytes; without one it is 16. */
export type AeadName =
  "aes-128-ccm-8" | "aes-256-ccm-8" | "aes-128-ccm" | "aes-256-ccm" | "aes-128-gcm" | "aes-256-gcm";

/** One key in use. Not shared between threads; a failed call leaves it usable. */
export interface AeadCipher {
  /** Bytes that `seal` adds. */
  readonly tagSizeBytes: number;
  /** Writes ciphertext and tag to `out`, which is `plaintext.length + tagSizeBytes` long. The nonce has 12 bytes. */
  seal(nonce: Uint8Array, additional: Uint8Array, plaintext: Uint8Array, out: Uint8Array): void;
  /** Writes the plaintext to `out`, which is shorter by `tagSizeBytes`; false, and `out` zeroed, if the tag is wrong. */
  open(nonce: Uint8Array, additional: Uint8Array, sealed: Uint8Array, out: Uint8Array): boolean;
}

/** Makes a cipher for a key of the algorithm's size (16 or 32 bytes). */
export function createAead(name: AeadName, key: Uint8Array): AeadCipher {
  switch (name) {
    case "aes-128-ccm-8":
    case "aes-256-ccm-8":
      return new AesCcm(key, 8);
    case "aes-128-ccm":
    case "aes-256-ccm":
      return new AesCcm(key, 16);
    case "aes-128-gcm":
    case "aes-256-gcm":
      return new AesGcm(key);
  }
}
