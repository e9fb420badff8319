// AES-GCM with 12-byte nonces and 16-byte tags (NIST SP 800-38D), over node:crypto.
import { createCipheriv, createDecipheriv } from "node:crypto";
import { checkMessage, plaintextSize } from "./aead-check.ts";
import type { AeadCipher, AeadMessage } from "./aead-types.ts";

const TAG_SIZE = 16;

/** One key of 16 or 32 bytes. The runtimes make a cipher object per record, so nothing is kept but the key. */
export class AesGcm implements AeadCipher {
  readonly tagSizeBytes: 16 = TAG_SIZE;
  readonly #name: "aes-128-gcm" | "aes-256-gcm";
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key;
    this.#name = key.length === 16 ? "aes-128-gcm" : "aes-256-gcm";
  }

  seal(message: AeadMessage): void {
    checkMessage(message, TAG_SIZE);
    const { nonce, additional, bytes, start, end } = message;
    const cipher = createCipheriv(this.#name, this.#key, nonce);
    cipher.setAAD(additional);
    bytes.set(cipher.update(bytes.subarray(start, end)), start);
    cipher.final();
    bytes.set(cipher.getAuthTag(), end);
  }

  open(message: AeadMessage, out: Uint8Array): boolean {
    const size = plaintextSize(message, TAG_SIZE, out);
    const { nonce, additional, bytes, start, end } = message;
    const decipher = createDecipheriv(this.#name, this.#key, nonce, { authTagLength: TAG_SIZE });
    decipher.setAAD(additional);
    decipher.setAuthTag(bytes.subarray(start + size, end));
    try {
      const plaintext = decipher.update(bytes.subarray(start, start + size));
      decipher.final();
      out.set(plaintext);
      return true;
    } catch {
      return false;
    }
  }

  close(): void {
    // Nothing is kept between calls.
  }
}
