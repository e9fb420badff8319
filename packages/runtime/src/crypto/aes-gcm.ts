// AES-GCM with 12-byte nonces and 16-byte tags (NIST SP 800-38D), over node:crypto.
import { createCipheriv, createDecipheriv } from "node:crypto";
import { assert } from "@coracle/base";

const TAG_SIZE = 16;

/** One key. The runtimes make a cipher object per record, so nothing is kept but the key. */
export class AesGcm {
  readonly tagSizeBytes = 16;
  readonly #name: "aes-128-gcm" | "aes-256-gcm";
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    assert(key.length === 16 || key.length === 32, `Cannot use AES-GCM with a key of ${key.length} bytes`);
    this.#key = key;
    this.#name = key.length === 16 ? "aes-128-gcm" : "aes-256-gcm";
  }

  seal(nonce: Uint8Array, additional: Uint8Array, plaintext: Uint8Array, out: Uint8Array): void {
    assert(out.length === plaintext.length + TAG_SIZE, `Cannot seal ${plaintext.length} bytes into ${out.length}`);
    const cipher = createCipheriv(this.#name, this.#key, nonce);
    cipher.setAAD(additional);
    out.set(cipher.update(plaintext), 0);
    cipher.final();
    out.set(cipher.getAuthTag(), plaintext.length);
  }

  open(nonce: Uint8Array, additional: Uint8Array, sealed: Uint8Array, out: Uint8Array): boolean {
    const size = sealed.length - TAG_SIZE;
    assert(size >= 0 && out.length === size, `Cannot open ${sealed.length} bytes into ${out.length}`);
    const decipher = createDecipheriv(this.#name, this.#key, nonce, { authTagLength: TAG_SIZE });
    decipher.setAAD(additional);
    decipher.setAuthTag(sealed.subarray(size));
    try {
      const plaintext = decipher.update(sealed.subarray(0, size));
      decipher.final();
      out.set(plaintext);
      return true;
    } catch {
      out.fill(0);
      return false;
    }
  }
}
