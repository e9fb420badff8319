// Authenticated encryption: AES-GCM (NIST SP 800-38D) and AES-CCM (RFC 3610) by the best provider there is.
import type { AeadCipher, AeadName } from "./aead-types.ts";
import { cryptoProvider } from "./crypto-provider.ts";

/** Makes a cipher for a key of the algorithm's size (16 or 32 bytes). The key is copied. Close it when done. */
export function createAead(name: AeadName, key: Uint8Array): AeadCipher {
  return cryptoProvider().aead(name, key);
}
