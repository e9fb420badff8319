// Who a peer is, as far as the handshake proved it, and what a verifier is shown.
import type { Result } from "@coracle/base";
import type { AlertName } from "../alert/alert.ts";

/** A proven identity. */
export type PeerIdentity =
  | { readonly kind: "psk"; readonly identity: Uint8Array }
  | { readonly kind: "raw-public-key"; readonly publicKey: Uint8Array }
  /** `name` is what the verifier made of the chain. */
  | { readonly kind: "x509"; readonly name: string; readonly chain: readonly Uint8Array[] }
  /** The peer was not asked, or had nothing to show. */
  | { readonly kind: "anonymous" };

/** What a peer shows and proves to hold the key of. All in DER. */
export type PresentedKey =
  | { readonly kind: "raw-public-key"; readonly publicKey: Uint8Array }
  | { readonly kind: "x509"; readonly chain: readonly Uint8Array[] };

/** Decides whether a key is trusted: its name, or the alert to refuse with. `serverName` is the host the client means. */
export type PeerVerifier = (presented: PresentedKey, serverName: string | undefined) => Result<string, AlertName>;

/** The identity of a key that was verified under `name`. */
export function identityOf(presented: PresentedKey, name: string): PeerIdentity {
  return presented.kind === "x509"
    ? { kind: "x509", name, chain: presented.chain }
    : { kind: "raw-public-key", publicKey: presented.publicKey };
}
