// An established session as plain data, to move it to another process or keep it over a restart.
import { type CipherSuite, cipherSuiteByCode } from "../suite/cipher-suite.ts";
import type { ReplayWindowState } from "../record/replay-window.ts";
import { RecordProtection, type ProtectionContext } from "../connection/record-protection.ts";
import type { PeerIdentity } from "../connection/identity.ts";
import type { Session } from "../connection/session.ts";
import { SEQUENCE_MAX } from "../record/content-type.ts";
import { FIXED_IV_SIZE } from "../suite/key-schedule.ts";

/** Everything a session needs to go on elsewhere. Secret as a whole. */
export interface SessionState {
  readonly version: 1;
  readonly suite: number;
  readonly writeKey: Uint8Array;
  readonly writeIv: Uint8Array;
  readonly readKey: Uint8Array;
  readonly readIv: Uint8Array;
  readonly ownCid: Uint8Array;
  readonly peerCid: Uint8Array;
  readonly peer: string;
  /** The next sequence number to send: behind every one that the side which gave this state may still use. */
  readonly writeSequence: number;
  readonly window: ReplayWindowState;
  readonly identity: PeerIdentity;
  readonly serverName: string | undefined;
  readonly usesExtendedMasterSecret: boolean;
  readonly allowsPathCheck: boolean;
}

/** The state of a session at this moment, which may send `leasedRecords` more: then its numbers end and the state's begin. */
export function saveSession(session: Session, leasedRecords: number): SessionState {
  const { protection } = session;
  const { suite, write, read, ownCid, peerCid } = protection.parameters;
  return {
    version: 1,
    suite: suite.code,
    writeKey: write.key,
    writeIv: write.iv,
    readKey: read.key,
    readIv: read.iv,
    ownCid,
    peerCid,
    peer: session.peer,
    writeSequence: protection.leaseNumbers(leasedRecords),
    window: protection.window.save(),
    identity: session.identity,
    serverName: session.serverName,
    usesExtendedMasterSecret: session.usesExtendedMasterSecret,
    allowsPathCheck: session.allowsPathCheck,
  };
}

/** The record protection of a saved session; `undefined` if the state cannot be one. */
export function restoreProtection(context: ProtectionContext, state: SessionState): RecordProtection | undefined {
  const suite = cipherSuiteByCode(state.suite);
  if (suite === undefined || !hasRightSizes(state, suite)) return undefined;
  const protection = new RecordProtection(context, {
    suite,
    write: { key: state.writeKey, iv: state.writeIv },
    read: { key: state.readKey, iv: state.readIv },
    ownCid: state.ownCid,
    peerCid: state.peerCid,
  });
  protection.writeSequence = state.writeSequence;
  protection.window.restore(state.window);
  return protection;
}

function hasRightSizes(state: SessionState, suite: CipherSuite): boolean {
  const { writeKey, readKey, writeIv, readIv, writeSequence } = state;
  if (writeKey.length !== suite.keySizeBytes || readKey.length !== suite.keySizeBytes) return false;
  if (writeIv.length !== FIXED_IV_SIZE || readIv.length !== FIXED_IV_SIZE) return false;
  return Number.isInteger(writeSequence) && writeSequence >= 0 && writeSequence <= SEQUENCE_MAX;
}
