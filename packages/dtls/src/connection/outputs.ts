// What the machines of this package say to their drivers.
import type { Brand } from "@coracle/base";
import type { AlertName } from "../alert/alert.ts";
import type { ResumableSession } from "../session/resumption.ts";
import type { PeerIdentity } from "./identity.ts";

/**
 * Where a datagram came from and answers go: any text of the driver's choice, equal for equal paths. It may name more
 * than an IP address and port, such as the cluster node that passed the datagram on.
 */
export type PeerAddress = string;

/** Number of an established session, never used twice by one machine. */
export type SessionId = Brand<number, "SessionId">;

/** Why a session ended. */
export type CloseCause =
  | "local"
  | "close-notify"
  | "fatal-alert"
  /** The same peer made a new session at an address that identifies it. */
  | "replaced"
  /** It was the stalest when room was needed. */
  | "evicted"
  | "sequence-exhausted";

/** Why application data was not sent. */
export type RefusedCause =
  | "unknown-session"
  | "not-established"
  | "too-large"
  | "amplification-limit"
  | "sequence-exhausted"
  /** A session to take over has keys of a size its suite does not have, or an ID that another one has. */
  | "bad-state";

/** What is known of a session from its first moment on. */
export interface SessionSummary {
  readonly identity: PeerIdentity;
  readonly serverName: string | undefined;
  /** Name of the cipher suite. */
  readonly suite: string;
  /** What the peer sends us; empty if none. */
  readonly ownCid: Uint8Array;
  /** What we send the peer; empty if none. */
  readonly peerCid: Uint8Array;
  readonly isResumed: boolean;
  readonly usesExtendedMasterSecret: boolean;
  readonly allowsPathCheck: boolean;
}

/** One thing for the driver to do or know. */
export type DtlsOutput =
  | { readonly kind: "send"; readonly peer: PeerAddress; readonly bytes: Uint8Array }
  | {
      readonly kind: "established";
      readonly session: SessionId;
      readonly peer: PeerAddress;
      readonly summary: SessionSummary;
      /** As many bytes as `extraKeySizeBytes` asked for, of the key expansion from the server's IV on; secret. */
      readonly extraKeys: Uint8Array;
      /** For a client to resume later; secret. */
      readonly resumable: ResumableSession | undefined;
    }
  | {
      readonly kind: "data";
      readonly session: SessionId;
      /** Where this record came from: not yet the session's address if it is not the newest or not verified. */
      readonly peer: PeerAddress;
      readonly bytes: Uint8Array;
      readonly isNewest: boolean;
    }
  | { readonly kind: "address"; readonly session: SessionId; readonly from: PeerAddress; readonly to: PeerAddress }
  | {
      readonly kind: "closed";
      readonly session: SessionId;
      readonly cause: CloseCause;
      /** The alert that came, if one did and it is known. */
      readonly alert: AlertName | undefined;
    }
  | {
      readonly kind: "handshake-failed";
      readonly peer: PeerAddress;
      readonly cause: "timeout" | "alert-sent" | "alert-received" | "replaced" | "local";
      readonly alert: AlertName | undefined;
      readonly reason: string;
    }
  | { readonly kind: "refused"; readonly session: SessionId | undefined; readonly cause: RefusedCause };
