// The key that a Certificate message shows, in either of its forms.
import type { PresentedKey } from "../connection/identity.ts";
import { parseCertificateChain, parseRawPublicKey } from "./certificate.ts";

/** What a Certificate message shows. */
export function parsePresented(body: Uint8Array, isRawPublicKey: boolean): PresentedKey | "none" | "malformed" {
  if (isRawPublicKey) {
    const publicKey = parseRawPublicKey(body);
    if (publicKey === undefined) return "malformed";
    return publicKey.length === 0 ? "none" : { kind: "raw-public-key", publicKey };
  }
  const chain = parseCertificateChain(body);
  if (chain === undefined) return "malformed";
  return chain.length === 0 ? "none" : { kind: "x509", chain };
}
