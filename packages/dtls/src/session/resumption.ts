// What a session that can be resumed is made of (RFC 5246 §7.3, RFC 7627 §5.3).
import type { PeerIdentity } from "../connection/identity.ts";

/**
 * What a later handshake needs to resume. Plain data: it may be kept or moved. Only sessions with extended master secret are
 * ever made into one: the others are not bound to their handshake and so are not safe to resume (RFC 7627 §5.3).
 */
export interface ResumableSession {
  readonly sessionId: Uint8Array;
  /** Secret. */
  readonly masterSecret: Uint8Array;
  /** Number of the cipher suite. */
  readonly suite: number;
  /** Who the peer was. */
  readonly identity: PeerIdentity;
  readonly serverName: string | undefined;
}
