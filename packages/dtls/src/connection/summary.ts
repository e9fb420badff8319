// What a session tells about itself when it is established.
import type { PeerIdentity } from "./identity.ts";
import type { SessionSummary } from "./outputs.ts";
import type { RecordProtection } from "./record-protection.ts";

/** The parts of a handshake's result, or of a saved session, that a summary shows. */
export interface Summarizable {
  readonly protection: RecordProtection;
  readonly identity: PeerIdentity;
  readonly serverName: string | undefined;
  readonly isResumed: boolean;
  readonly usesExtendedMasterSecret: boolean;
  readonly allowsPathCheck: boolean;
}

export function summarize(source: Summarizable): SessionSummary {
  const { suite, ownCid, peerCid } = source.protection;
  const { identity, serverName, isResumed, usesExtendedMasterSecret, allowsPathCheck } = source;
  return {
    identity,
    serverName,
    suite: suite.name,
    ownCid,
    peerCid,
    isResumed,
    usesExtendedMasterSecret,
    allowsPathCheck,
  };
}
