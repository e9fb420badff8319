// Certificates for tests: an authority made in memory (RFC 5280, P-256) that signs server and client certificates.
import "reflect-metadata";
import { webcrypto as crypto } from "node:crypto";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

const KEY_ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };
const DAY_MS = 24 * 60 * 60 * 1000;

/** A certificate with its private key, both PEM. */
export interface TestCertificate {
  readonly cert: string;
  /** PKCS #8. */
  readonly key: string;
}

/** What to put into a certificate. */
export interface TestCertificateOptions {
  /** Common name; a Kubernetes user's name. */
  readonly commonName?: string;
  /** Organizations; a Kubernetes user's groups. */
  readonly organizations?: readonly string[];
  /** Milliseconds since 1970; default a day ago. */
  readonly validFromMs?: number;
  /** Milliseconds since 1970; default in a day. */
  readonly validToMs?: number;
}

/** An authority and what it can sign. */
export interface TestPki {
  /** The authority's certificate, PEM. */
  readonly ca: string;
  /** The authority's private key, PEM (PKCS #8). */
  readonly caKey: string;
  /** Certificate of the server, for the names given to {@link makeTestPki}. */
  readonly cert: string;
  /** Private key of `cert`. */
  readonly key: string;
  /** A server certificate for these DNS names and IP addresses. */
  server(names: readonly string[], options?: TestCertificateOptions): Promise<TestCertificate>;
  /** A client certificate. */
  client(options: TestCertificateOptions): Promise<TestCertificate>;
}

/** Makes an authority, and with it a server certificate for `names` (default localhost, 127.0.0.1 and ::1). */
export async function makeTestPki(
  options: {
    readonly names?: readonly string[];
    readonly caName?: string;
  } = {},
): Promise<TestPki> {
  const authority = await makeAuthority(options.caName ?? "test-ca");
  const server = (names: readonly string[], more: TestCertificateOptions = {}): Promise<TestCertificate> =>
    issue(authority, names, more);
  const first = await server(options.names ?? ["localhost", "127.0.0.1", "::1"]);
  return {
    ca: authority.certificate.toString("pem"),
    caKey: await exportKey(authority.keys.privateKey),
    ...first,
    server,
    client: (more) => issue(authority, [], more),
  };
}

interface Authority {
  readonly certificate: X509Certificate;
  readonly keys: CryptoKeyPair;
}

async function makeAuthority(name: string): Promise<Authority> {
  const keys = await makeKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: [{ CN: [name] }],
    ...validity({}),
    signingAlgorithm: SIGNATURE,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, keys };
}

/** Signs a server certificate if there are names, a client certificate otherwise. */
async function issue(
  authority: Authority,
  names: readonly string[],
  options: TestCertificateOptions,
): Promise<TestCertificate> {
  const keys = await makeKeys();
  const isServer = names.length > 0;
  const extensions = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([isServer ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth]),
  ];
  const certificate = await X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: subjectOf(options, names[0] ?? "client"),
    issuer: authority.certificate.subject,
    ...validity(options),
    signingAlgorithm: SIGNATURE,
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    extensions: isServer ? [...extensions, new SubjectAlternativeNameExtension(names.map(altName))] : extensions,
  });
  return {
    cert: certificate.toString("pem"),
    key: await exportKey(keys.privateKey),
  };
}

function subjectOf(options: TestCertificateOptions, fallbackName: string): { [type: string]: string[] }[] {
  const organizations = options.organizations ?? [];
  return [
    ...organizations.map((organization) => ({ O: [organization] })),
    { CN: [options.commonName ?? fallbackName] },
  ];
}

function altName(name: string): { type: "ip" | "dns"; value: string } {
  const isAddress = /^[\d.]+$/.test(name) || name.includes(":");
  return { type: isAddress ? "ip" : "dns", value: name };
}

function validity(options: TestCertificateOptions): {
  notBefore: Date;
  notAfter: Date;
} {
  const nowMs = Date.now();
  return {
    notBefore: new Date(options.validFromMs ?? nowMs - DAY_MS),
    notAfter: new Date(options.validToMs ?? nowMs + DAY_MS),
  };
}

function makeKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(KEY_ALGORITHM, true, ["sign", "verify"]);
}

/** Positive and never zero, as RFC 5280 §4.1.2.2 demands. */
function randomSerial(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return `01${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

async function exportKey(key: CryptoKey): Promise<string> {
  const der = new Uint8Array(await crypto.subtle.exportKey("pkcs8", key));
  const lines = btoa(String.fromCharCode(...der)).match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join("\n")}\n-----END PRIVATE KEY-----\n`;
}
