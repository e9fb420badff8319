// What a server makes of a ClientHello: version, suite in the server's order, extensions, resumption. A pure decision.
import type { Millis } from "@coracle/base";
import { fail, type HandshakeFailure } from "../connection/handshake-context.ts";
import type { GroupName } from "../crypto-provider.ts";
import { type CertificateType, parseCertificateTypeOffer } from "../extension/certificate-type.ts";
import { parseConnectionId } from "../extension/connection-id.ts";
import { isFirstHandshake, isSignalled } from "../extension/empty-extensions.ts";
import { ExtensionType, findExtension, parseUint16List } from "../extension/extension.ts";
import { parseServerName } from "../extension/server-name.ts";
import { ECDSA_SHA256 } from "../extension/signature-algorithms.ts";
import { allowsUncompressed, groupByNumber } from "../extension/supported-groups.ts";
import type { ClientHello } from "../handshake/client-hello.ts";
import { DTLS_1_2 } from "../record/content-type.ts";
import type { FoundSession } from "../session/session-store.ts";
import { type CipherSuite, EMPTY_RENEGOTIATION_INFO_SCSV } from "../suite/cipher-suite.ts";
import { findResumable } from "./resumption-check.ts";
import type { ServerHandshakeContext } from "./server-context.ts";

/** The server's choices. */
export interface ServerChoice {
  readonly kind: "choice";
  readonly suite: CipherSuite;
  /** Of the ephemeral key; absent for plain PSK and resumption. */
  readonly group: GroupName | undefined;
  readonly resumes: FoundSession | undefined;
  readonly usesExtendedMasterSecret: boolean;
  readonly signalsRenegotiation: boolean;
  /** What the client wants to receive; absent if it did not offer connection IDs or we do not use them. */
  readonly peerCid: Uint8Array | undefined;
  readonly allowsPathCheck: boolean;
  readonly serverName: string | undefined;
  readonly namesPointFormats: boolean;
  readonly certificates: CertificateChoice;
}

/** How either side will show its key, and whether the client said so in an extension. */
interface CertificateChoice {
  readonly server: CertificateType | undefined;
  readonly client: CertificateType | undefined;
  readonly namesServerType: boolean;
  readonly namesClientType: boolean;
}

/** What a hello offers, parsed. */
interface Offer {
  readonly groups: readonly GroupName[];
  readonly signsSha256: boolean;
  readonly certificates: CertificateChoice;
}

/** Decides; nothing is stored or sent. */
export function negotiate(
  context: ServerHandshakeContext,
  hello: ClientHello,
  now: Millis,
): ServerChoice | HandshakeFailure {
  if (hello.version > DTLS_1_2 || hello.version >>> 8 !== 0xfe) {
    return fail("protocolVersion", "the client does not know DTLS 1.2");
  }
  const renegotiation = findExtension(hello.extensions, ExtensionType.renegotiationInfo);
  if (renegotiation !== undefined && !isFirstHandshake(renegotiation)) {
    return fail("handshakeFailure", "the hello claims an earlier handshake");
  }
  const usesExtendedMasterSecret = isSignalled(hello.extensions, ExtensionType.extendedMasterSecret);
  if (usesExtendedMasterSecret === undefined) return fail("decodeError", "extended_master_secret is not empty");
  if (context.requireExtendedMasterSecret && !usesExtendedMasterSecret) {
    return fail("handshakeFailure", "the client offers no extended master secret");
  }
  const offer = parseOffer(context, hello);
  if (offer.kind === "fail") return offer;
  const cid = chooseCid(context, hello);
  if (cid.kind === "fail") return cid;
  const serverName = parseServerNameOf(hello);
  const resumes = findResumable(context, { hello, serverName, now });
  if (resumes !== undefined && !usesExtendedMasterSecret) {
    return fail("handshakeFailure", "the resumed session had an extended master secret and the hello offers none");
  }
  const suite = resumes?.suite ?? chooseSuite(context, hello, offer);
  if (suite === undefined) return fail("handshakeFailure", "no cipher suite in common");
  return {
    kind: "choice",
    suite,
    group: suite.keyExchange === "psk" || resumes !== undefined ? undefined : chooseGroup(context, offer),
    resumes: resumes?.session,
    usesExtendedMasterSecret,
    signalsRenegotiation: renegotiation !== undefined || hello.cipherSuites.includes(EMPTY_RENEGOTIATION_INFO_SCSV),
    peerCid: cid.peerCid,
    allowsPathCheck: cid.allowsPathCheck,
    serverName,
    namesPointFormats: findExtension(hello.extensions, ExtensionType.ecPointFormats) !== undefined,
    certificates: offer.certificates,
  };
}

function parseOffer(
  context: ServerHandshakeContext,
  hello: ClientHello,
): (Offer & { readonly kind: "offer" }) | HandshakeFailure {
  const groupData = findExtension(hello.extensions, ExtensionType.supportedGroups);
  const schemeData = findExtension(hello.extensions, ExtensionType.signatureAlgorithms);
  const formats = findExtension(hello.extensions, ExtensionType.ecPointFormats);
  const groupNumbers = groupData === undefined ? undefined : parseUint16List(groupData);
  const schemes = schemeData === undefined ? [] : parseUint16List(schemeData);
  if ((groupData !== undefined && groupNumbers === undefined) || schemes === undefined) {
    return fail("decodeError", "a list in the hello is malformed");
  }
  if (formats !== undefined && !allowsUncompressed(formats)) {
    return fail("illegalParameter", "the client does not take uncompressed points");
  }
  const certificates = chooseCertificateTypes(context, hello);
  if (certificates === undefined) return fail("decodeError", "a list of certificate types is malformed");
  // A client that names no groups leaves the choice to us (RFC 8422 §4); every one knows P-256.
  const groups = groupNumbers?.flatMap((number) => groupByNumber(number) ?? []) ?? ["secp256r1"];
  return { kind: "offer", groups, signsSha256: schemes.includes(ECDSA_SHA256), certificates };
}

function chooseCertificateTypes(context: ServerHandshakeContext, hello: ClientHello): CertificateChoice | undefined {
  const serverData = findExtension(hello.extensions, ExtensionType.serverCertificateType);
  const clientData = findExtension(hello.extensions, ExtensionType.clientCertificateType);
  const serverOffer = serverData === undefined ? (["x509"] as const) : parseCertificateTypeOffer(serverData);
  const clientOffer = clientData === undefined ? (["x509"] as const) : parseCertificateTypeOffer(clientData);
  if (serverOffer === undefined || clientOffer === undefined) return undefined;
  const { credentials } = context;
  const canShow = (type: CertificateType): boolean =>
    credentials !== undefined && (type === "x509" ? credentials.chain.length > 0 : credentials.rawPublicKey);
  return {
    server: serverOffer.find(canShow),
    client: context.clientCertificateTypes.find((type) => clientOffer.includes(type)),
    namesServerType: serverData !== undefined,
    namesClientType: clientData !== undefined,
  };
}

function chooseCid(
  context: ServerHandshakeContext,
  hello: ClientHello,
):
  | { readonly kind: "cid"; readonly peerCid: Uint8Array | undefined; readonly allowsPathCheck: boolean }
  | HandshakeFailure {
  const data = findExtension(hello.extensions, ExtensionType.connectionId);
  if (data === undefined || context.cids === undefined) {
    return { kind: "cid", peerCid: undefined, allowsPathCheck: false };
  }
  const peerCid = parseConnectionId(data);
  if (peerCid === undefined) return fail("illegalParameter", "the connection ID extension is malformed");
  const offersPathCheck = isSignalled(hello.extensions, ExtensionType.returnRoutabilityCheck);
  if (offersPathCheck === undefined) return fail("decodeError", "the rrc extension is not empty");
  return { kind: "cid", peerCid, allowsPathCheck: offersPathCheck && context.returnRoutabilityCheck };
}

function chooseSuite(context: ServerHandshakeContext, hello: ClientHello, offer: Offer): CipherSuite | undefined {
  return context.suites.find((suite) => hello.cipherSuites.includes(suite.code) && isUsable(context, suite, offer));
}

function isUsable(context: ServerHandshakeContext, suite: CipherSuite, offer: Offer): boolean {
  if (suite.keyExchange !== "psk" && chooseGroup(context, offer) === undefined) return false;
  if (suite.keyExchange === "ecdhe-ecdsa") {
    // The client's groups are also the curves it takes in a certificate, and our keys are on P-256 (RFC 8422 §5.1, §5.3).
    return offer.certificates.server !== undefined && offer.signsSha256 && offer.groups.includes("secp256r1");
  }
  return context.psk !== undefined;
}

function chooseGroup(context: ServerHandshakeContext, offer: Offer): GroupName | undefined {
  return context.groups.find((group) => offer.groups.includes(group));
}

function parseServerNameOf(hello: ClientHello): string | undefined {
  const data = findExtension(hello.extensions, ExtensionType.serverName);
  return data === undefined ? undefined : parseServerName(data);
}
