// Digests, keyed digests, random bytes and constant-time comparison, over node:crypto.
import * as crypto from "node:crypto";

/** SHA-256 of `data` (text as UTF-8): 32 bytes (FIPS 180-4). */
export function sha256(data: Uint8Array | string): Uint8Array {
  return plain(crypto.createHash("sha256").update(data).digest());
}

/** SHA-512 of `data` (text as UTF-8): 64 bytes (FIPS 180-4). */
export function sha512(data: Uint8Array | string): Uint8Array {
  return plain(crypto.createHash("sha512").update(data).digest());
}

/** SHA-256 of `data` in lower-case hexadecimal: 64 characters. */
export function sha256Hex(data: Uint8Array | string): string {
  return crypto.createHash("sha256").update(data).digest("hex");
}

/** Keyed digest of `data` (RFC 2104). */
export function hmac(algorithm: "sha256" | "sha512", key: Uint8Array | string, data: Uint8Array | string): Uint8Array {
  return plain(crypto.createHmac(algorithm, key).update(data).digest());
}

/** `size` bytes from the system's cryptographic source. */
export function randomBytes(size: number): Uint8Array {
  return plain(crypto.randomBytes(size));
}

/** A random UUID, version 4 (RFC 9562 §5.4). */
export function uuid(): string {
  return crypto.randomUUID();
}

/** True if both are equal; takes the same time wherever they differ. Text is compared as UTF-8; lengths are not hidden. */
export function timingSafeEqual(a: Uint8Array | string, b: Uint8Array | string): boolean {
  const left = typeof a === "string" ? new TextEncoder().encode(a) : a;
  const right = typeof b === "string" ? new TextEncoder().encode(b) : b;
  return left.length === right.length && crypto.timingSafeEqual(left, right);
}

function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
