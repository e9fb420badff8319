// The hash functions of TLS 1.2 cipher suites by name, plain and keyed (FIPS 180-4, RFC 2104), over node:crypto.
import * as crypto from "node:crypto";

/** Hash functions whose output is 32, 48 and 64 bytes. */
export type HashName = "sha256" | "sha384" | "sha512";

/** The digest of `data`. */
export function hashBytes(name: HashName, data: Uint8Array): Uint8Array {
  return new Uint8Array(crypto.createHash(name).update(data).digest());
}

/** The keyed digest of `data`. */
export function hmacBytes(name: HashName, key: Uint8Array, data: Uint8Array): Uint8Array {
  return new Uint8Array(crypto.createHmac(name, key).update(data).digest());
}
