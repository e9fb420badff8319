// The provider over the system's libcrypto.
import { AesCcm } from "../aes-ccm.ts";
import type { AeadCipher, AeadName } from "../aead-types.ts";
import { checkKey } from "../aead-key.ts";
import { hmacSha256 } from "../hmac-sha256.ts";
import type { RecordCryptoProvider } from "../provider-types.ts";
import { composedKeyedHash } from "../composed-keyed-hash.ts";
import { CcmStreamsMaker } from "./ccm-streams.ts";
import { CipherContexts } from "./cipher-contexts.ts";
import { GcmMaker } from "./libcrypto-gcm.ts";
import { openLibcrypto } from "./libcrypto.ts";
import { LibcryptoSha256 } from "./libcrypto-sha256.ts";

/** The provider, or why there is none. Its working memory belongs to this thread; the library is the process's. */
export function openLibcryptoProvider(
  names?: readonly string[],
): RecordCryptoProvider | { readonly refusedAs: string } {
  const library = openLibcrypto(names);
  if ("refusedAs" in library) return library;
  const contexts = new CipherContexts(library);
  const ccm = new CcmStreamsMaker(library, contexts);
  const gcm = new GcmMaker(library, contexts);
  const sha256 = new LibcryptoSha256(library);
  const ccmCipher = (key: Uint8Array, tagSizeBytes: 8 | 16): AeadCipher => {
    const own = key.slice();
    return new AesCcm(tagSizeBytes, () => ccm.make(own));
  };
  return {
    name: "libcrypto",
    description: library.description,
    aead: (name: AeadName, key: Uint8Array) => {
      checkKey(name, key);
      switch (name) {
        case "aes-128-ccm-8":
        case "aes-256-ccm-8":
          return ccmCipher(key, 8);
        case "aes-128-ccm":
        case "aes-256-ccm":
          return ccmCipher(key, 16);
        case "aes-128-gcm":
        case "aes-256-gcm":
          return gcm.make(key);
      }
    },
    // SHA-384 keys frames only where the cluster's own sessions use a 256-bit GCM suite.
    keyedHash: (name, key) => (name === "sha256" ? hmacSha256(sha256, key) : composedKeyedHash(name, key)),
  };
}
