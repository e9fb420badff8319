// Ephemeral Diffie-Hellman on P-256 (SEC 1) and X25519 (RFC 7748), over node:crypto; the private bytes are given.
import { createECDH, createPrivateKey, createPublicKey, diffieHellman } from "node:crypto";

/** The groups offered, by their TLS names (RFC 8422 §5.1.1). */
export type KeyShareGroup = "secp256r1" | "x25519";

/** One ephemeral key pair. */
export interface KeyShare {
  /** 65 bytes uncompressed for P-256, 32 for X25519. */
  readonly publicKey: Uint8Array;
  /** The 32-byte shared secret; `undefined` if the peer's point is not on the curve or gives the zero secret. */
  agree(peerPublicKey: Uint8Array): Uint8Array | undefined;
}

const X25519_PKCS8 = Uint8Array.of(48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 110, 4, 34, 4, 32);
const X25519_SPKI = Uint8Array.of(48, 42, 48, 5, 6, 3, 43, 101, 110, 3, 33, 0);

/** The key pair of 32 random bytes; `undefined` if they are no valid scalar (P-256: chance 2^-32, draw again). */
export function createKeyShare(group: KeyShareGroup, privateKey: Uint8Array): KeyShare | undefined {
  return group === "secp256r1" ? p256(privateKey) : x25519(privateKey);
}

function p256(privateKey: Uint8Array): KeyShare | undefined {
  const ecdh = createECDH("prime256v1");
  try {
    ecdh.setPrivateKey(privateKey);
    const publicKey = new Uint8Array(ecdh.getPublicKey());
    return { publicKey, agree: (peer) => attempt(() => ecdh.computeSecret(peer)) };
  } catch {
    return undefined;
  }
}

function x25519(seed: Uint8Array): KeyShare | undefined {
  if (seed.length !== 32) return undefined;
  const privateKey = createPrivateKey({ key: Buffer.concat([X25519_PKCS8, seed]), format: "der", type: "pkcs8" });
  const publicKey = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  return {
    publicKey: new Uint8Array(publicKey.subarray(X25519_SPKI.length)),
    agree: (peer) =>
      peer.length === 32 ? attempt(() => diffieHellman({ privateKey, publicKey: x25519Public(peer) })) : undefined,
  };
}

function x25519Public(bytes: Uint8Array): ReturnType<typeof createPublicKey> {
  return createPublicKey({ key: Buffer.concat([X25519_SPKI, bytes]), format: "der", type: "spki" });
}

function attempt(compute: () => Uint8Array): Uint8Array | undefined {
  try {
    const secret = compute();
    return secret.every((byte) => byte === 0) ? undefined : new Uint8Array(secret);
  } catch {
    return undefined;
  }
}
