// Authenticated encryption with long-lived keys: what is asked of a cipher, whoever provides it.

/** The algorithms offered. The number at the end of a CCM name is its tag size in bytes; without one it is 16. */
export type AeadName =
  "aes-128-ccm-8" | "aes-256-ccm-8" | "aes-128-ccm" | "aes-256-ccm" | "aes-128-gcm" | "aes-256-gcm";

/** Bytes of a nonce. */
export const NONCE_SIZE_BYTES = 12;

/** What a call works on; made once and filled again for every record, so that none costs an object. */
export interface AeadMessage {
  /** 12 bytes. */
  readonly nonce: Uint8Array;
  /** Authenticated only; at most 1024 bytes. */
  readonly additional: Uint8Array;
  /** The text lies in `bytes[start, end)`: plaintext to seal, or ciphertext with its tag to open. At most 32 KiB. */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** One key in use, on the thread that made it. A failed call leaves it usable. */
export interface AeadCipher {
  /** Bytes that `seal` adds. */
  readonly tagSizeBytes: number;
  /** Encrypts the text in place and writes the tag behind `end`, where `bytes` has room for it. */
  seal(message: AeadMessage): void;
  /**
   * Writes the plaintext to the start of `out`, which has room for it; `bytes` is left as it is. False, and nothing written,
   * if the tag is wrong.
   */
  open(message: AeadMessage, out: Uint8Array): boolean;
  /** Gives up what is kept for the key outside of the collector's sight. The cipher must not be used again. */
  close(): void;
}
