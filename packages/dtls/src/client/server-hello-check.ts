// What a client makes of a ServerHello: only what it offered may be chosen. A pure decision.
import { fail, type HandshakeFailure } from "../connection/handshake-context.ts";
import { type CertificateType, parseCertificateTypeChoice } from "../extension/certificate-type.ts";
import { parseConnectionId } from "../extension/connection-id.ts";
import { isFirstHandshake, isSignalled } from "../extension/empty-extensions.ts";
import { type Extension, ExtensionType, findExtension } from "../extension/extension.ts";
import type { ServerHello } from "../handshake/server-hello.ts";
import { DTLS_1_2 } from "../record/content-type.ts";
import type { ResumableSession } from "../session/resumption.ts";
import type { CipherSuite } from "../suite/cipher-suite.ts";
import type { ClientHandshakeContext } from "./client-context.ts";

/** What was offered. */
export interface ClientOffer {
  readonly suites: readonly CipherSuite[];
  /** The session that the hello named. */
  readonly resumes: ResumableSession | undefined;
  readonly extensions: readonly Extension[];
}

/** The server's choices as a client sees them. */
export interface AcceptedHello {
  readonly kind: "accepted";
  readonly suite: CipherSuite;
  readonly isResumed: boolean;
  readonly usesExtendedMasterSecret: boolean;
  /** What the server wants to receive; absent if it uses no connection IDs. */
  readonly peerCid: Uint8Array | undefined;
  readonly allowsPathCheck: boolean;
  readonly serverCertificateType: CertificateType;
  readonly clientCertificateType: CertificateType;
}

export function checkServerHello(
  context: ClientHandshakeContext,
  offer: ClientOffer,
  hello: ServerHello,
): AcceptedHello | HandshakeFailure {
  if (hello.version !== DTLS_1_2) return fail("protocolVersion", "the server chose another version");
  const suite = offer.suites.find((candidate) => candidate.code === hello.cipherSuite);
  if (suite === undefined || hello.compressionMethod !== 0) {
    return fail("illegalParameter", "the server chose what was not offered");
  }
  const stranger = hello.extensions.find((extension) => !wasOffered(offer, extension.type));
  if (stranger !== undefined) return fail("unsupportedExtension", `extension ${stranger.type} was not offered`);
  const renegotiation = findExtension(hello.extensions, ExtensionType.renegotiationInfo);
  if (renegotiation !== undefined && !isFirstHandshake(renegotiation)) {
    return fail("handshakeFailure", "the server claims an earlier handshake");
  }
  return acceptExtensions(context, hello, { suite, resumes: offer.resumes });
}

function acceptExtensions(
  context: ClientHandshakeContext,
  hello: ServerHello,
  { suite, resumes }: { readonly suite: CipherSuite; readonly resumes: ResumableSession | undefined },
): AcceptedHello | HandshakeFailure {
  const usesExtendedMasterSecret = isSignalled(hello.extensions, ExtensionType.extendedMasterSecret);
  const allowsPathCheck = isSignalled(hello.extensions, ExtensionType.returnRoutabilityCheck);
  if (usesExtendedMasterSecret === undefined || allowsPathCheck === undefined) {
    return fail("decodeError", "an extension without content has some");
  }
  if (context.requireExtendedMasterSecret && !usesExtendedMasterSecret) {
    return fail("handshakeFailure", "the server has no extended master secret");
  }
  const isResumed = resumes !== undefined && sameBytes(resumes.sessionId, hello.sessionId);
  if (isResumed && (suite.code !== resumes.suite || !usesExtendedMasterSecret)) {
    return fail("illegalParameter", "the server resumes a session under other terms");
  }
  const cidData = findExtension(hello.extensions, ExtensionType.connectionId);
  const peerCid = cidData === undefined ? undefined : parseConnectionId(cidData);
  if (cidData !== undefined && peerCid === undefined) {
    return fail("illegalParameter", "the connection ID extension is malformed");
  }
  const serverCertificateType = chosenType(hello, ExtensionType.serverCertificateType);
  const clientCertificateType = chosenType(hello, ExtensionType.clientCertificateType);
  if (serverCertificateType === undefined || !context.serverCertificateTypes.includes(serverCertificateType)) {
    if (suite.keyExchange === "ecdhe-ecdsa" && !isResumed) {
      return fail("unsupportedCertificate", "the server's type of certificate was not offered");
    }
  }
  if (allowsPathCheck && peerCid === undefined) return fail("illegalParameter", "rrc without a connection ID");
  return {
    kind: "accepted",
    suite,
    isResumed,
    usesExtendedMasterSecret,
    peerCid,
    allowsPathCheck,
    serverCertificateType: serverCertificateType ?? "x509",
    clientCertificateType: clientCertificateType ?? "x509",
  };
}

/** renegotiation_info may answer the signalling cipher suite (RFC 5746 §3.4). */
function wasOffered(offer: ClientOffer, type: number): boolean {
  return type === ExtensionType.renegotiationInfo || offer.extensions.some((extension) => extension.type === type);
}

function chosenType(hello: ServerHello, extension: number): CertificateType | undefined {
  const data = findExtension(hello.extensions, extension);
  return data === undefined ? "x509" : parseCertificateTypeChoice(data);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length > 0 && a.length === b.length && a.every((byte, index) => byte === b[index]);
}
