// The options of a client with their defaults.
import type { Random } from "@coracle/base";
import type { CidGenerator } from "../cid/cid-generator.ts";
import { RETRANSMISSION_TIMING, type RetransmissionTiming } from "../connection/handshake-channel.ts";
import type { Credentials } from "../connection/handshake-context.ts";
import type { PeerVerifier } from "../connection/identity.ts";
import type { PrefersPath } from "../connection/session-records.ts";
import type { CryptoProvider, GroupName } from "../crypto-provider.ts";
import type { CertificateType } from "../extension/certificate-type.ts";
import type { Extension } from "../extension/extension.ts";
import { SIGNATURE_SCHEMES } from "../extension/signature-algorithms.ts";
import { REASSEMBLY_LIMITS, type ReassemblyLimits } from "../handshake/reassembly.ts";
import type { PathCheckMode } from "../path/path-check.ts";
import { NO_PADDING, type PaddingPolicy } from "../record/inner-plaintext.ts";
import { DATAGRAM_SIZE_MAX_DEFAULT } from "../server/server-options.ts";
import type { ResumableSession } from "../session/resumption.ts";
import { CIPHER_SUITES, type CipherSuite } from "../suite/cipher-suite.ts";
import type { PskCredentials } from "./client-context.ts";

/** Options of a client. Only `crypto`, `random` and one kind of credentials are required. */
export interface DtlsClientOptions {
  readonly crypto: CryptoProvider;
  /** Fit for keys. */
  readonly random: Random;
  /** In the client's order; those its credentials do not serve are left out. */
  readonly suites?: readonly CipherSuite[];
  /** For ephemeral keys, best first. With certificates and raw keys leave P-256 in: it is their curve too. */
  readonly groups?: readonly GroupName[];
  readonly psk?: PskCredentials | undefined;
  /** Shown to servers that ask. */
  readonly credentials?: Credentials | undefined;
  /** Decides which server keys are trusted; without it suites with certificates are not offered. */
  readonly verifyPeer?: PeerVerifier | undefined;
  readonly serverName?: string | undefined;
  readonly serverCertificateTypes?: readonly CertificateType[];
  readonly signatureSchemes?: readonly number[];
  /** Absent: connection IDs are not offered. A generator of empty IDs sends the server's and wants none. */
  readonly cids?: CidGenerator | undefined;
  readonly resume?: ResumableSession | undefined;
  readonly additionalExtensions?: readonly Extension[];
  readonly padding?: PaddingPolicy;
  readonly requireExtendedMasterSecret?: boolean;
  /** Offer RFC 9853; default true. */
  readonly returnRoutabilityCheck?: boolean;
  readonly pathCheckMode?: PathCheckMode;
  /** Default: every path a challenge comes by is as good as another. */
  readonly prefersPath?: PrefersPath;
  readonly extraKeySizeBytes?: number;
  readonly datagramSizeMax?: number;
  readonly timing?: RetransmissionTiming;
  readonly reassembly?: ReassemblyLimits;
  /** How long the last flight of a resumed handshake is kept. */
  readonly lastFlightMs?: number;
}

/** The options with every default filled in. */
export type ResolvedClientOptions = Required<DtlsClientOptions>;

export function resolveClientOptions(options: DtlsClientOptions): ResolvedClientOptions {
  return {
    suites: CIPHER_SUITES,
    groups: ["x25519", "secp256r1"],
    psk: undefined,
    credentials: undefined,
    verifyPeer: undefined,
    serverName: undefined,
    serverCertificateTypes: ["x509"],
    signatureSchemes: options.verifyPeer === undefined ? [] : SIGNATURE_SCHEMES,
    cids: undefined,
    resume: undefined,
    additionalExtensions: [],
    padding: NO_PADDING,
    requireExtendedMasterSecret: false,
    returnRoutabilityCheck: true,
    pathCheckMode: "basic",
    prefersPath: () => true,
    extraKeySizeBytes: 0,
    datagramSizeMax: DATAGRAM_SIZE_MAX_DEFAULT,
    timing: RETRANSMISSION_TIMING,
    reassembly: REASSEMBLY_LIMITS,
    lastFlightMs: 240_000,
    ...options,
  };
}
