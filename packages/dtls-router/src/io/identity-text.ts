// The identity of a session as text for people: names and identities, never keys.
import type { PeerIdentity } from "@coracle/dtls";
import { sha256Hex } from "@coracle/runtime";

const TEXT_LENGTH_MAX = 128;

/** A PSK identity, the name in a certificate, the digest of a raw public key, or nothing. */
export function identityText(identity: PeerIdentity): string {
  switch (identity.kind) {
    case "psk":
      return printable(new TextDecoder().decode(identity.identity));
    case "raw-public-key":
      return `ni:///sha-256;${sha256Hex(identity.publicKey)}`;
    case "x509":
      return printable(identity.name);
    case "anonymous":
      return "";
  }
}

/** The bytes that stand for an identity in a PROXY header. */
export function identityBytes(identity: PeerIdentity): Uint8Array {
  switch (identity.kind) {
    case "psk":
      return identity.identity;
    case "raw-public-key":
      return identity.publicKey;
    case "x509":
      return new TextEncoder().encode(identity.name);
    case "anonymous":
      return new Uint8Array(0);
  }
}

/** Hexadecimal, lower case. */
export function hexText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function printable(text: string): string {
  return text.slice(0, TEXT_LENGTH_MAX).replace(/[^\x20-\x7e]/g, "?");
}
