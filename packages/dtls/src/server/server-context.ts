// What a server's handshakes need beyond what both roles share.
import type { HandshakeContext } from "../connection/handshake-context.ts";
import type { CertificateType } from "../extension/certificate-type.ts";
import type { SessionStore } from "../session/session-store.ts";

/** Finds the key of an identity; `undefined` if there is none. Called once per PSK handshake, synchronously. */
export type PskLookup = (identity: Uint8Array) => Uint8Array | undefined;

/** Settings of a server's handshakes. */
export interface ServerHandshakeContext extends HandshakeContext {
  readonly psk: PskLookup | undefined;
  /** Sent in ServerKeyExchange if not empty. */
  readonly pskHint: Uint8Array;
  readonly clientCertificate: "none" | "optional" | "required";
  /** Best first. */
  readonly clientCertificateTypes: readonly CertificateType[];
  /** Absent: no session is ever resumed. */
  readonly sessions: SessionStore | undefined;
  /** A connection ID that no session has; `undefined` if none was found. */
  readonly claimCid: () => Uint8Array | undefined;
}
