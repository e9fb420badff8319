// ECDSA signatures in DER (RFC 8422 §5.4) with P-256 keys, and the public keys they are checked with, over node:crypto.
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify, X509Certificate } from "node:crypto";
import type { HashName } from "./hash.ts";

/** A private P-256 key that can only sign. */
export interface EcdsaSigningKey {
  /** SubjectPublicKeyInfo of its public half, DER. */
  readonly publicKey: Uint8Array;
  /** Signs `data`, which is hashed first; DER form. */
  sign(hash: HashName, data: Uint8Array): Uint8Array;
}

/** Reads a PEM private key (PKCS #8 or SEC 1); `undefined` unless it is a P-256 key. */
export function ecdsaSigningKey(pem: string): EcdsaSigningKey | undefined {
  try {
    const key = createPrivateKey(pem);
    if (!isP256(key)) return undefined;
    const publicKey = new Uint8Array(createPublicKey(pem).export({ format: "der", type: "spki" }));
    return { publicKey, sign: (hash, data) => new Uint8Array(sign(hash, data, key)) };
  } catch {
    return undefined;
  }
}

/** True if `signature` is one of `data` by the P-256 key in `publicKey` (SubjectPublicKeyInfo, DER). */
export function verifyEcdsa(publicKey: Uint8Array, hash: HashName, data: Uint8Array, signature: Uint8Array): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey), format: "der", type: "spki" });
    return isP256(key) && verify(hash, data, key, signature);
  } catch {
    return false;
  }
}

/** SubjectPublicKeyInfo (DER) of a certificate in DER; `undefined` if it cannot be parsed. */
export function certificatePublicKey(der: Uint8Array): Uint8Array | undefined {
  try {
    return new Uint8Array(new X509Certificate(der).publicKey.export({ format: "der", type: "spki" }));
  } catch {
    return undefined;
  }
}

function isP256(key: KeyObject): boolean {
  return key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1";
}
