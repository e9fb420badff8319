// X.509 certificates (RFC 5280): parse, verify against a bundle, match with a key; over node:crypto.
import { createPrivateKey, X509Certificate } from "node:crypto";
import { err, formatIp, ok, parseIp, type Result } from "@coracle/base";
import { allowsSignatures, pathLength, strangeExtension } from "./certificate-extensions.ts";
import { extendedKeyUsage } from "./extended-key-usage.ts";

/** The largest number of certificates taken from one bundle. */
const BUNDLE_CERTIFICATES_MAX = 4096;
/** The longest chain tried, leaf included. */
const CHAIN_LENGTH_MAX = 10;

/** The attributes of a distinguished name that Kubernetes reads: CN is the user, each O a group. */
export interface DistinguishedName {
  readonly CN?: string;
  readonly O: readonly string[];
}

/** A parsed certificate. */
export interface Certificate {
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
  /** Upper-case hexadecimal. */
  readonly serialNumber: string;
  /** SHA-256 of the DER form, upper-case hexadecimal in pairs with colons. */
  readonly fingerprint256: string;
  /** Milliseconds since 1970. */
  readonly validFromMs: number;
  /** Milliseconds since 1970. */
  readonly validToMs: number;
  /** DNS names of the subject alternative names. */
  readonly dnsNames: readonly string[];
  /** IP addresses of the subject alternative names, in canonical text (RFC 5952). */
  readonly ipAddresses: readonly string[];
  readonly isCa: boolean;
  /** Object identifiers of the extended key usage; empty if the extension is absent. */
  readonly extendedKeyUsage: readonly string[];
  /** False if its key usage leaves out digital signatures. */
  readonly allowsSignatures: boolean;
  readonly pem: string;
}

/** Why a text is not a certificate, or a certificate is not to be trusted. */
export interface CertificateError {
  readonly code: "BAD_CERTIFICATE" | "UNKNOWN_ISSUER" | "BAD_SIGNATURE" | "EXPIRED" | "NOT_YET_VALID" | "WRONG_USAGE";
  readonly message: string;
}

const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const ANY_USAGE = "2.5.29.37.0";

/** Parses every certificate of a PEM text, in order. A text without one is an error. */
export function parseCertificates(pem: string): Result<readonly Certificate[], CertificateError> {
  const blocks = certificateBlocks(pem);
  if (blocks.length === 0) return bad("there is no CERTIFICATE block in it");
  if (blocks.length > BUNDLE_CERTIFICATES_MAX) return bad(`it has more than ${BUNDLE_CERTIFICATES_MAX} blocks`);
  const certificates: Certificate[] = [];
  for (const [index, block] of blocks.entries()) {
    const parsed = parseX509(block);
    if (parsed === undefined) return bad(`block ${index + 1} is not X.509`);
    certificates.push(describeCertificate(parsed));
  }
  return ok(certificates);
}

/** Parses the first certificate of a PEM text, or one in DER. */
export function parseCertificate(source: string | Uint8Array): Result<Certificate, CertificateError> {
  const block = typeof source === "string" ? certificateBlocks(source)[0] : source;
  if (block === undefined) return bad("there is no CERTIFICATE block in it");
  const parsed = parseX509(block);
  return parsed === undefined ? bad("it is not X.509") : ok(describeCertificate(parsed));
}

/** What to check besides signatures. */
export interface VerifyOptions {
  /** Wall clock in milliseconds since 1970. */
  readonly nowMs: number;
  /** Required extended key usage, if the certificate names any. */
  readonly usage?: "client" | "server" | undefined;
  /** Further certificates the chain may pass through; not trusted themselves. */
  readonly intermediatesPem?: string | undefined;
}

/** Checks that a certificate chains to one of the `ca` bundles (RFC 5280 §6, without policies, constraints of names and revocation). */
export function verifyCertificate(
  pem: string,
  ca: readonly string[],
  options: VerifyOptions,
): Result<Certificate, CertificateError> {
  const blocks = certificateBlocks(pem);
  const leaf = blocks[0] === undefined ? undefined : parseX509(blocks[0]);
  if (leaf === undefined) return bad("it is not X.509");
  const strange = strangeExtension(leaf.raw);
  if (strange !== undefined) return bad(`its critical extension ${strange} is not known`);
  const roots = ca.flatMap(certificateBlocks).flatMap(parsedOrNone);
  const between = [...blocks.slice(1), ...certificateBlocks(options.intermediatesPem ?? "")].flatMap(parsedOrNone);
  const usage = checkUsage(leaf, options.usage);
  if (usage !== undefined) return err(usage);
  const failure = checkChain(leaf, roots, between, options.nowMs);
  return failure === undefined ? ok(describeCertificate(leaf)) : err(failure);
}

/** True if `keyPem` is the private key of the first certificate in `certPem`; false too if either cannot be parsed. */
export function keyMatchesCertificate(keyPem: string, certPem: string): boolean {
  const block = certificateBlocks(certPem)[0];
  const certificate = block === undefined ? undefined : parseX509(block);
  if (certificate === undefined) return false;
  try {
    return certificate.checkPrivateKey(createPrivateKey(keyPem));
  } catch {
    return false;
  }
}

/** Describes a certificate node:crypto has parsed. Throws if one of its fields cannot be read. */
export function describeCertificate(certificate: X509Certificate): Certificate {
  const names = subjectAltNames(certificate.subjectAltName ?? "");
  return {
    subject: parseName(certificate.subject),
    issuer: parseName(certificate.issuer),
    serialNumber: certificate.serialNumber,
    fingerprint256: certificate.fingerprint256,
    validFromMs: Date.parse(certificate.validFrom),
    validToMs: Date.parse(certificate.validTo),
    dnsNames: names.dns,
    ipAddresses: names.ip,
    isCa: certificate.ca,
    extendedKeyUsage: extendedKeyUsage(certificate.raw),
    allowsSignatures: allowsSignatures(certificate.raw),
    pem: certificate.toString(),
  };
}

function checkChain(
  leaf: X509Certificate,
  roots: readonly X509Certificate[],
  between: readonly X509Certificate[],
  nowMs: number,
): CertificateError | undefined {
  let current = leaf;
  for (let length = 0; length < CHAIN_LENGTH_MAX; length++) {
    const time = checkTime(current, nowMs);
    if (time !== undefined) return time;
    if (roots.some((root) => root.fingerprint256 === current.fingerprint256)) return undefined;
    const isNext = (candidate: X509Certificate): boolean =>
      isIssuer(candidate, current) &&
      strangeExtension(candidate.raw) === undefined &&
      pathLength(candidate.raw) >= length;
    const root = roots.find(isNext);
    if (root !== undefined) return checkTime(root, nowMs);
    const next = between.find(isNext);
    if (next === undefined) break;
    current = next;
  }
  const issuer = parseName(current.issuer).CN ?? current.issuer;
  return {
    code: "UNKNOWN_ISSUER",
    message: `Cannot trust the certificate as no known authority signed it: its issuer is "${issuer}"`,
  };
}

function isIssuer(candidate: X509Certificate, of: X509Certificate): boolean {
  try {
    return candidate.ca && of.checkIssued(candidate) && of.verify(candidate.publicKey);
  } catch {
    return false;
  }
}

function checkTime(certificate: X509Certificate, nowMs: number): CertificateError | undefined {
  if (nowMs > Date.parse(certificate.validTo)) {
    return {
      code: "EXPIRED",
      message: `Cannot trust the certificate as it has expired: it was valid to ${certificate.validTo}`,
    };
  }
  if (nowMs < Date.parse(certificate.validFrom)) {
    return {
      code: "NOT_YET_VALID",
      message: `Cannot trust the certificate as it is not valid yet: it will be from ${certificate.validFrom}`,
    };
  }
  return undefined;
}

function checkUsage(
  certificate: X509Certificate,
  usage: "client" | "server" | undefined,
): CertificateError | undefined {
  const named = extendedKeyUsage(certificate.raw);
  if (usage === undefined || named.length === 0) return undefined;
  const wanted = usage === "client" ? CLIENT_AUTH : SERVER_AUTH;
  if (named.includes(wanted) || named.includes(ANY_USAGE)) return undefined;
  return {
    code: "WRONG_USAGE",
    message: `Cannot take the certificate for ${usage} authentication as its usage is ${named.join(", ")}`,
  };
}

function certificateBlocks(pem: string): readonly string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? [];
}

/** Some runtimes read the fields only when they are asked for, and throw then: whoever cannot be described is refused here. */
function parseX509(source: string | Uint8Array): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(source);
    describeCertificate(certificate);
    return certificate;
  } catch {
    return undefined;
  }
}

function parsedOrNone(block: string): readonly X509Certificate[] {
  const parsed = parseX509(block);
  return parsed === undefined ? [] : [parsed];
}

function parseName(text: string): DistinguishedName {
  const organizations: string[] = [];
  let commonName: string | undefined;
  for (const line of text.split("\n")) {
    if (line.startsWith("CN=")) commonName = unescapeName(line.slice(3));
    else if (line.startsWith("O=")) organizations.push(unescapeName(line.slice(2)));
  }
  return commonName === undefined ? { O: organizations } : { CN: commonName, O: organizations };
}

/** node:crypto escapes as RFC 2253 §2.4 does. */
function unescapeName(text: string): string {
  return text.replace(/\\([,+"\\<>;#= ])/g, "$1");
}

function subjectAltNames(text: string): {
  dns: readonly string[];
  ip: readonly string[];
} {
  const dns: string[] = [];
  const ip: string[] = [];
  for (const part of text.split(", ")) {
    if (part.startsWith("DNS:")) dns.push(part.slice(4));
    else if (part.startsWith("IP Address:")) ip.push(canonicalIp(part.slice(11)));
  }
  return { dns, ip };
}

/** node:crypto writes all groups of an IPv6 address, which compares with nothing that a person wrote. */
function canonicalIp(text: string): string {
  const parsed = parseIp(text);
  return parsed.ok ? formatIp(parsed.value) : text;
}

function bad<T>(why: string): Result<T, CertificateError> {
  return err({
    code: "BAD_CERTIFICATE",
    message: `Cannot read the certificate as ${why}`,
  });
}
