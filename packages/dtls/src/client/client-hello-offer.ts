// What a client offers in its hello.
import { parseIp } from "@coracle/base";
import { certificateTypeOffer } from "../extension/certificate-type.ts";
import { connectionIdExtension } from "../extension/connection-id.ts";
import { extendedMasterSecretExtension, returnRoutabilityCheckExtension } from "../extension/empty-extensions.ts";
import type { Extension } from "../extension/extension.ts";
import { serverNameExtension } from "../extension/server-name.ts";
import { signatureAlgorithmsExtension } from "../extension/signature-algorithms.ts";
import { ecPointFormatsExtension, supportedGroupsExtension } from "../extension/supported-groups.ts";
import type { ResumableSession } from "../session/resumption.ts";
import type { CipherSuite } from "../suite/cipher-suite.ts";
import type { ClientHandshakeContext } from "./client-context.ts";

/** The suites that the client's credentials can serve, in its order. */
export function offeredSuites(context: ClientHandshakeContext): readonly CipherSuite[] {
  return context.suites.filter((suite) =>
    suite.keyExchange === "ecdhe-ecdsa" ? context.verifyPeer !== undefined : context.psk !== undefined,
  );
}

/**
 * The session to resume, if this hello may name it: its suite must be among the offered ones (RFC 5246 §7.4.1.2), and it must be
 * one with the same host, as nobody proves their name again (RFC 6066 §3).
 */
export function offeredSession(
  context: ClientHandshakeContext,
  suites: readonly CipherSuite[],
): ResumableSession | undefined {
  const { resume, serverName } = context;
  if (resume === undefined || resume.serverName !== serverName) return undefined;
  return suites.some((suite) => suite.code === resume.suite) ? resume : undefined;
}

/** The extensions of ClientHello; `ownCid` is absent if connection IDs are not offered. */
export function offeredExtensions(
  context: ClientHandshakeContext,
  suites: readonly CipherSuite[],
  ownCid: Uint8Array | undefined,
): readonly Extension[] {
  const usesGroups = suites.some((suite) => suite.keyExchange !== "psk");
  const usesCertificates = suites.some((suite) => suite.keyExchange === "ecdhe-ecdsa");
  const extensions: Extension[] = [];
  // An address is no host name (RFC 6066 §3): it is what the certificate is checked against, and not sent.
  if (context.serverName !== undefined && !parseIp(context.serverName).ok) {
    extensions.push(serverNameExtension(context.serverName));
  }
  if (usesGroups) extensions.push(supportedGroupsExtension(context.groups), ecPointFormatsExtension());
  if (usesCertificates || context.signatureSchemes.length > 0) {
    extensions.push(signatureAlgorithmsExtension(context.signatureSchemes));
  }
  if (usesCertificates) extensions.push(...offeredCertificateTypes(context));
  if (ownCid !== undefined) extensions.push(connectionIdExtension(ownCid));
  extensions.push(...context.additionalExtensions, extendedMasterSecretExtension());
  if (ownCid !== undefined && context.returnRoutabilityCheck) extensions.push(returnRoutabilityCheckExtension());
  return extensions;
}

/** X.509 alone is what a hello without these extensions means, so then they are left out (RFC 7250 §4.1). */
function offeredCertificateTypes(context: ClientHandshakeContext): readonly Extension[] {
  const { credentials, serverCertificateTypes } = context;
  const extensions: Extension[] = [];
  if (credentials?.rawPublicKey === true) {
    const types = credentials.chain.length > 0 ? (["raw-public-key", "x509"] as const) : (["raw-public-key"] as const);
    extensions.push(certificateTypeOffer("client", types));
  }
  if (serverCertificateTypes.includes("raw-public-key")) {
    extensions.push(certificateTypeOffer("server", serverCertificateTypes));
  }
  return extensions;
}
