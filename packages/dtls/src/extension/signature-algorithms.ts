// signature_algorithms (RFC 5246 §7.4.1.4.1): ECDSA with SHA-256, SHA-384 and SHA-512.
import type { HashName } from "../crypto-provider.ts";
import { encodeUint16List, type Extension, ExtensionType } from "./extension.ts";

/** ecdsa_secp256r1_sha256, the one every constrained device has (RFC 7925 §4.4). */
export const ECDSA_SHA256 = 0x0403;

/** What we verify, best first. TLS 1.2 ties no hash to a curve, so a P-256 key may come with any of them. */
export const SIGNATURE_SCHEMES: readonly number[] = [ECDSA_SHA256, 0x0503, 0x0603];

/** The hash of a scheme; `undefined` if it is not ECDSA. */
export function hashOfScheme(scheme: number): HashName | undefined {
  switch (scheme) {
    case ECDSA_SHA256:
      return "sha256";
    case 0x0503:
      return "sha384";
    case 0x0603:
      return "sha512";
    default:
      return undefined;
  }
}

export function signatureAlgorithmsExtension(schemes: readonly number[]): Extension {
  return { type: ExtensionType.signatureAlgorithms, data: encodeUint16List(schemes) };
}
