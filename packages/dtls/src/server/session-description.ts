// What a server tells of one of its sessions at any time: nothing secret.
import type { Millis } from "@coracle/base";
import type { PeerIdentity } from "../connection/identity.ts";
import type { PeerAddress } from "../connection/outputs.ts";
import type { Session } from "../connection/session.ts";

/** What can be told of a session at any time. */
export interface SessionDescription {
  readonly peer: PeerAddress;
  readonly identity: PeerIdentity;
  readonly serverName: string | undefined;
  /** When the newest record came. */
  readonly lastActiveAt: Millis;
  /** Name of the cipher suite. */
  readonly suite: string;
  /** What the peer sends us; empty if none. */
  readonly ownCid: Uint8Array;
  /** What we send the peer; empty if none. */
  readonly peerCid: Uint8Array;
  readonly usesExtendedMasterSecret: boolean;
  /** False while a new address of the peer is being checked. */
  readonly isChecked: boolean;
}

/** Describes a session as it is now. */
export function describeSession(session: Session): SessionDescription {
  const { peer, identity, serverName, lastActiveAt, usesExtendedMasterSecret } = session;
  const { suite, ownCid, peerCid } = session.protection;
  const isChecked = session.pathCheck === undefined;
  const known = { peer, identity, serverName, lastActiveAt, usesExtendedMasterSecret, isChecked };
  return { ...known, suite: suite.name, ownCid, peerCid };
}
