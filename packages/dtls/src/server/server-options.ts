// The options of a server with their defaults.
import type { Random } from "@coracle/base";
import type { CidGenerator } from "../cid/cid-generator.ts";
import { RETRANSMISSION_TIMING, type RetransmissionTiming } from "../connection/handshake-channel.ts";
import type { Credentials } from "../connection/handshake-context.ts";
import type { PeerVerifier } from "../connection/identity.ts";
import type { AddressUpdate, NeedsPathCheck } from "../connection/session-records.ts";
import type { CryptoProvider, GroupName } from "../crypto-provider.ts";
import type { CertificateType } from "../extension/certificate-type.ts";
import type { CookieJar } from "../handshake/cookie.ts";
import { REASSEMBLY_LIMITS, type ReassemblyLimits } from "../handshake/reassembly.ts";
import type { PathCheckMode } from "../path/path-check.ts";
import { NO_PADDING, type PaddingPolicy } from "../record/inner-plaintext.ts";
import type { SessionStore } from "../session/session-store.ts";
import { CIPHER_SUITES, type CipherSuite } from "../suite/cipher-suite.ts";
import type { HandshakeRate } from "./handshake-budget.ts";
import type { PskLookup } from "./server-context.ts";

/** What a server may occupy. */
export interface ServerLimits {
  /** Established sessions, and handshakes with them. */
  readonly sessionsMax: number;
  /** Handshakes in flight. */
  readonly handshakesMax: number;
  /** Sessions that keep cipher objects. */
  readonly warmSessionsMax: number;
  /** A session may be evicted for a new one after this long without records. */
  readonly staleAfterMs: number;
  /** A handshake is given up after this long, however its flights went. */
  readonly handshakeMs: number;
  /** A server keeps its last flight this long, unless the client shows that it has it (RFC 6347 §4.2.4: 2 MSL). */
  readonly lastFlightMs: number;
  readonly handshakeRate: HandshakeRate;
  readonly reassembly: ReassemblyLimits;
}

/** Limits that fit a small machine and many thousand devices. */
export const SERVER_LIMITS: ServerLimits = {
  sessionsMax: 150_000,
  handshakesMax: 5000,
  warmSessionsMax: 4096,
  staleAfterMs: 30 * 60_000,
  handshakeMs: 120_000,
  lastFlightMs: 240_000,
  handshakeRate: { perSecond: 10_000, burst: 10_000 },
  reassembly: REASSEMBLY_LIMITS,
};

/** Datagrams that pass every IPv6 path: 1280 bytes less 48 of headers. */
export const DATAGRAM_SIZE_MAX_DEFAULT = 1232;

/** Options of a server. Only `crypto`, `random` and one kind of credentials are required. */
export interface DtlsServerOptions {
  readonly crypto: CryptoProvider;
  /** Fit for keys. */
  readonly random: Random;
  /** In the server's order of preference. */
  readonly suites?: readonly CipherSuite[];
  readonly groups?: readonly GroupName[];
  readonly psk?: PskLookup | undefined;
  readonly pskHint?: Uint8Array;
  readonly credentials?: Credentials | undefined;
  readonly clientCertificate?: "none" | "optional" | "required";
  /** Best first; default X.509 alone. */
  readonly clientCertificateTypes?: readonly CertificateType[];
  /** Decides which client keys are trusted; without it none is. */
  readonly verifyPeer?: PeerVerifier | undefined;
  /** Absent: connection IDs are not used. */
  readonly cids?: CidGenerator | undefined;
  /** Where sessions to resume are kept: one store for one server. Absent: none is ever resumed. */
  readonly sessions?: SessionStore | undefined;
  /** Absent: own random keys, replaced every minute. */
  readonly cookies?: CookieJar | undefined;
  readonly padding?: PaddingPolicy;
  readonly requireExtendedMasterSecret?: boolean;
  /** Default true: used with clients that offer it. */
  readonly returnRoutabilityCheck?: boolean;
  readonly pathCheckMode?: PathCheckMode;
  readonly addressUpdate?: AddressUpdate;
  /** Whether a move between two paths calls for a return routability check; default always. */
  readonly needsPathCheck?: NeedsPathCheck;
  readonly extraKeySizeBytes?: number;
  readonly datagramSizeMax?: number;
  readonly timing?: RetransmissionTiming;
  readonly limits?: Partial<ServerLimits>;
}

/** The options with every default filled in. */
export type ResolvedServerOptions = Required<Omit<DtlsServerOptions, "limits">> & { readonly limits: ServerLimits };

export function resolveServerOptions(options: DtlsServerOptions): ResolvedServerOptions {
  return {
    suites: CIPHER_SUITES,
    groups: ["x25519", "secp256r1"],
    psk: undefined,
    pskHint: new Uint8Array(0),
    credentials: undefined,
    clientCertificate: "none",
    clientCertificateTypes: ["x509"],
    verifyPeer: undefined,
    cids: undefined,
    sessions: undefined,
    cookies: undefined,
    padding: NO_PADDING,
    requireExtendedMasterSecret: false,
    returnRoutabilityCheck: true,
    pathCheckMode: "basic",
    addressUpdate: "newest-record",
    needsPathCheck: () => true,
    extraKeySizeBytes: 0,
    datagramSizeMax: DATAGRAM_SIZE_MAX_DEFAULT,
    timing: RETRANSMISSION_TIMING,
    ...options,
    limits: { ...SERVER_LIMITS, ...options.limits },
  };
}
