// What both roles of a handshake are given, and how a step of one ends.
import type { Random } from "@coracle/base";
import type { AlertName } from "../alert/alert.ts";
import type { CidGenerator } from "../cid/cid-generator.ts";
import type { GroupName, KeyShare, SigningKey } from "../crypto-provider.ts";
import type { ReassemblyLimits } from "../handshake/reassembly.ts";
import type { ResumableSession } from "../session/resumption.ts";
import type { CipherSuite } from "../suite/cipher-suite.ts";
import type { RetransmissionTiming } from "./handshake-channel.ts";
import type { PeerIdentity, PeerVerifier } from "./identity.ts";
import type { ProtectionContext, RecordProtection } from "./record-protection.ts";

/** A key with what shows it to a peer. */
export interface Credentials {
  readonly signingKey: SigningKey;
  /** X.509, leaf first, DER; empty if there is no certificate. */
  readonly chain: readonly Uint8Array[];
  /** True to show the bare key to peers that take one (RFC 7250). */
  readonly rawPublicKey: boolean;
}

/** Settings and primitives of every handshake of one endpoint. */
export interface HandshakeContext extends ProtectionContext {
  readonly random: Random;
  /** In order of preference. */
  readonly suites: readonly CipherSuite[];
  /** In order of preference. */
  readonly groups: readonly GroupName[];
  /** Absent: connection IDs are neither offered nor accepted. */
  readonly cids: CidGenerator | undefined;
  readonly credentials: Credentials | undefined;
  readonly verifyPeer: PeerVerifier | undefined;
  readonly requireExtendedMasterSecret: boolean;
  readonly returnRoutabilityCheck: boolean;
  /** Bytes of key material for a protocol above, from the server's IV on. */
  readonly extraKeySizeBytes: number;
  readonly datagramSizeMax: number;
  readonly timing: RetransmissionTiming;
  readonly reassembly: ReassemblyLimits;
}

/** Why a handshake ended, and the alert that tells the peer. */
export interface HandshakeFailure {
  readonly kind: "fail";
  readonly alert: AlertName;
  /** For logs and counters: what was wrong. */
  readonly reason: string;
}

/** What to do after a message: wait for more, send the flight, or be done, with or without a last flight. */
export type HandshakeStep =
  | { readonly kind: "wait" }
  | { readonly kind: "flight" }
  | { readonly kind: "done"; readonly sendsFlight: boolean; readonly result: HandshakeResult }
  | HandshakeFailure;

/** What a finished handshake leaves. */
export interface HandshakeResult {
  readonly protection: RecordProtection;
  readonly identity: PeerIdentity;
  readonly serverName: string | undefined;
  readonly isResumed: boolean;
  readonly usesExtendedMasterSecret: boolean;
  /** Both sides offered RFC 9853. */
  readonly allowsPathCheck: boolean;
  readonly extraKeys: Uint8Array;
  /** For a client to resume later; absent if the session cannot be resumed, and on a server. */
  readonly resumable: ResumableSession | undefined;
}

/** A failed step. */
export function fail(alert: AlertName, reason: string): HandshakeFailure {
  return { kind: "fail", alert, reason };
}

/** A fresh ephemeral key; `undefined` only if the provider refuses every draw. */
export function drawKeyShare(context: HandshakeContext, group: GroupName): KeyShare | undefined {
  for (let attempt = 0; attempt < 8; attempt++) {
    const share = context.crypto.keyShare(group, context.random.bytes(32));
    if (share !== undefined) return share;
  }
  return undefined;
}
