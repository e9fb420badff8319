// The other end of a session whose state is known: for tests in which a peer says what no client or server of ours would.
import { assert } from "@coracle/base";
import { CipherPool } from "../connection/cipher-pool.ts";
import type { OpenedRecord, RecordProtection } from "../connection/record-protection.ts";
import type { CryptoProvider } from "../crypto-provider.ts";
import { NO_PADDING } from "../record/inner-plaintext.ts";
import { parseRecordHeader } from "../record/record-header.ts";
import { restoreProtection, type SessionState } from "../session/session-state.ts";

/** How far ahead of what the real peer has sent its records are numbered. */
const AHEAD = 50;

/** The record protection of the peer of the side that `state` is of. */
export function mirroredSession(crypto: CryptoProvider, state: SessionState | undefined): RecordProtection {
  assert(state !== undefined, "Cannot mirror a session: there is none");
  const { writeKey, writeIv, readKey, readIv, ownCid, peerCid, window } = state;
  const keys = { writeKey: readKey, writeIv: readIv, readKey: writeKey, readIv: writeIv };
  const numbers = { writeSequence: window.newest + AHEAD, window: { newest: -1, low: 0, high: 0 } };
  const context = { crypto, pool: new CipherPool(1), padding: NO_PADDING };
  const mirrored = restoreProtection(context, { ...state, ...keys, ...numbers, ownCid: peerCid, peerCid: ownCid });
  assert(mirrored !== undefined, "Cannot mirror a session: its state is none");
  return mirrored;
}

/** The record that makes up a datagram; asserts that it is authentic. */
export function openDatagram(protection: RecordProtection, datagram: Uint8Array | undefined): OpenedRecord {
  const bytes = datagram ?? new Uint8Array(0);
  const header = parseRecordHeader(bytes, 0, () => protection.ownCid.length);
  assert(header !== undefined, "Cannot open a datagram: there is no record in it");
  const outcome = protection.open(bytes, header);
  assert(outcome.ok, "Cannot open a record: it is not authentic");
  return outcome;
}
