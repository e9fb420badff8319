// What a client's handshake needs beyond what both roles share.
import type { HandshakeContext } from "../connection/handshake-context.ts";
import type { CertificateType } from "../extension/certificate-type.ts";
import type { Extension } from "../extension/extension.ts";
import type { ResumableSession } from "../session/resumption.ts";

/** A pre-shared key and the identity it goes with. */
export interface PskCredentials {
  readonly identity: Uint8Array;
  readonly key: Uint8Array;
}

/** Settings of a client's handshake. */
export interface ClientHandshakeContext extends HandshakeContext {
  readonly psk: PskCredentials | undefined;
  readonly serverName: string | undefined;
  /** Ways a server may show its key, best first. */
  readonly serverCertificateTypes: readonly CertificateType[];
  readonly signatureSchemes: readonly number[];
  /** A session of an earlier handshake with the same server. */
  readonly resume: ResumableSession | undefined;
  /** Sent as they are; answers to them are taken and ignored. */
  readonly additionalExtensions: readonly Extension[];
}
