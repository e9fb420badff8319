// Keyed digests (RFC 2104) by the cheapest way each runtime has without libcrypto.
import { runtimeName } from "../process.ts";
import { bunHmacSha256 } from "./bun-hmac-sha256.ts";
import { type HashName, hmacBytes } from "./hash.ts";
import { hmacSha256 } from "./hmac-sha256.ts";
import type { KeyedHash } from "./provider-types.ts";
import { ScriptSha256 } from "./script-sha256.ts";

let script: ScriptSha256 | undefined;

/** Makes the keyed digest of a key. */
export function composedKeyedHash(name: HashName, key: Uint8Array): KeyedHash {
  if (name !== "sha256") return (data) => hmacBytes(name, key, data);
  if (runtimeName() === "bun") return bunHmacSha256(key);
  // A digest of Deno's takes three times as long as the same in TypeScript.
  script ??= new ScriptSha256();
  return hmacSha256(script, key);
}
