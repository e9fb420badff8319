// Keyed digests of one key (RFC 2104) by the best provider there is.
import { cryptoProvider } from "./crypto-provider.ts";
import type { HashName } from "./hash.ts";
import type { KeyedHash } from "./provider-types.ts";

/** The keyed digest under `key`: what depends on the key alone is done here, once. */
export function createKeyedHash(name: HashName, key: Uint8Array): KeyedHash {
  return cryptoProvider().keyedHash(name, key);
}
