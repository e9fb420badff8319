// Makes certificates (RFC 5280, ECDSA P-256): an authority of one's own, and what it signs. Loaded only when one is needed.
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type JsonName,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { randomBytes } from "@coracle/runtime";

/** A certificate and its private key, PEM; the key as PKCS #8. */
export interface KeyPairPem {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate is to say. */
export interface CertificateRequest {
  readonly commonName: string;
  readonly organizations?: readonly string[];
  readonly usage: "server" | "client";
  /** DNS names and IP addresses of a server. */
  readonly names?: readonly string[];
  readonly validFromMs: number;
  readonly validToMs: number;
}

const KEY_ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };

/** A new self-signed authority. */
export async function makeAuthority(
  commonName: string,
  validity: { readonly fromMs: number; readonly toMs: number },
): Promise<KeyPairPem> {
  const keys = await makeKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: [{ CN: [commonName] }],
    notBefore: new Date(validity.fromMs),
    notAfter: new Date(validity.toMs),
    signingAlgorithm: SIGNATURE,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: withFinalLineFeed(certificate.toString("pem")), key: await exportKey(keys.privateKey) };
}

/** A certificate signed by the authority. */
export async function issueCertificate(authority: KeyPairPem, request: CertificateRequest): Promise<KeyPairPem> {
  const issuer = new X509Certificate(authority.cert);
  const keys = await makeKeys();
  const certificate = await X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: subjectOf(request),
    issuer: issuer.subject,
    notBefore: new Date(request.validFromMs),
    notAfter: new Date(Math.min(request.validToMs, issuer.notAfter.getTime())),
    signingAlgorithm: SIGNATURE,
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.key),
    extensions: await extensionsOf(request, issuer, keys.publicKey),
  });
  return { cert: withFinalLineFeed(certificate.toString("pem")), key: await exportKey(keys.privateKey) };
}

async function extensionsOf(
  request: CertificateRequest,
  issuer: X509Certificate,
  publicKey: CryptoKey,
): Promise<Extension[]> {
  const usage = request.usage === "server" ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth;
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([usage]),
    await SubjectKeyIdentifierExtension.create(publicKey),
    await AuthorityKeyIdentifierExtension.create(issuer),
  ];
  const names = request.names ?? [];
  if (names.length > 0) extensions.push(new SubjectAlternativeNameExtension(names.map(alternativeName)));
  return extensions;
}

function subjectOf(request: CertificateRequest): JsonName {
  const organizations = (request.organizations ?? []).map((organization) => ({ O: [organization] }));
  return [...organizations, { CN: [request.commonName] }];
}

function alternativeName(name: string): { type: "ip" | "dns"; value: string } {
  return { type: /^[\d.]+$/.test(name) || name.includes(":") ? "ip" : "dns", value: name };
}

function makeKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(KEY_ALGORITHM, true, ["sign", "verify"]);
}

/** Positive and never zero (RFC 5280 §4.1.2.2). */
function randomSerial(): string {
  return `01${Array.from(randomBytes(15), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

async function exportKey(key: CryptoKey): Promise<string> {
  const der = new Uint8Array(await crypto.subtle.exportKey("pkcs8", key));
  const lines = btoa(String.fromCharCode(...der)).match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join("\n")}\n-----END PRIVATE KEY-----\n`;
}

/** Reads a PKCS #8 PEM key for signing. */
function importKey(pem: string): Promise<CryptoKey> {
  return crypto.subtle.importKey("pkcs8", derOfPem(pem), KEY_ALGORITHM, false, ["sign"]);
}

function derOfPem(pem: string): Uint8Array<ArrayBuffer> {
  const text = atob(pem.replaceAll(/-----[^-]+-----|\s/g, ""));
  const der = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) der[index] = text.charCodeAt(index);
  return der;
}

function withFinalLineFeed(text: string): string {
  return text.endsWith("\n") ? text : `${text}\n`;
}
