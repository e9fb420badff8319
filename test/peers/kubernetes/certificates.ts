// Certificates for a stranger's server under test: one authority per purpose, ECDSA P-256, valid for a day.
import "reflect-metadata";
import { createPrivateKey, generateKeyPairSync, randomBytes, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

/** A key and its certificate, both PEM. */
export interface CertificatePair {
  readonly certPem: string;
  readonly keyPem: string;
}

/** Who a certificate is for. */
export interface CertificateSubject {
  /** Common name: for a client, Kubernetes' user name. */
  readonly commonName: string;
  /** Organisations: for a client, Kubernetes' groups. */
  readonly organizations?: readonly string[];
  readonly usage: "client" | "server";
  /** Names and addresses of a server. */
  readonly hosts?: readonly string[];
  /** Lifetime in seconds; a day by default. */
  readonly lifetimeSeconds?: number;
}

/** A certificate authority of a test. */
export interface TestAuthority {
  readonly caPem: string;
  issue(subject: CertificateSubject): Promise<CertificatePair>;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY_SECONDS = 86_400;
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";

x509.cryptoProvider.set(webcrypto as unknown as Crypto);

/** Makes a fresh self-signed authority. */
export async function createTestAuthority(commonName: string): Promise<TestAuthority> {
  const keys = await generateKeys();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [commonName] }],
    ...validity(DAY_SECONDS),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { caPem: pem(ca), issue: (subject) => issue(ca, keys.privateKey, subject) };
}

async function issue(
  ca: x509.X509Certificate,
  caKey: CryptoKey,
  subject: CertificateSubject,
): Promise<CertificatePair> {
  const keys = await generateKeys();
  const organizations = (subject.organizations ?? []).map((name) => ({ O: [name] }));
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    issuer: ca.subjectName.toJSON(),
    subject: [...organizations, { CN: [subject.commonName] }],
    ...validity(subject.lifetimeSeconds ?? DAY_SECONDS),
    publicKey: keys.publicKey,
    signingKey: caKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([subject.usage === "client" ? CLIENT_AUTH : SERVER_AUTH]),
      await x509.AuthorityKeyIdentifierExtension.create(ca),
      ...alternativeNames(subject.hosts ?? []),
    ],
  });
  return { certPem: pem(certificate), keyPem: await privateKeyPem(keys.privateKey) };
}

/** A fresh P-256 key pair in PEM, as kube-apiserver signs service-account tokens with. */
export function createSigningKey(): { readonly publicPem: string; readonly privatePem: string } {
  const pair = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    // kube-apiserver reads SEC1 and PKCS#8 alike; SEC1 is what kubeadm writes.
    privateKeyEncoding: { type: "sec1", format: "pem" },
  });
  return { publicPem: pair.publicKey, privatePem: pair.privateKey };
}

async function generateKeys(): Promise<CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"])) as CryptoKeyPair;
}

function serialNumber(): string {
  const bytes = randomBytes(16);
  // A serial number is positive (RFC 5280 4.1.2.2).
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString("hex");
}

function validity(lifetimeSeconds: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - 60_000), notAfter: new Date(now + lifetimeSeconds * 1000) };
}

function alternativeNames(hosts: readonly string[]): x509.Extension[] {
  if (hosts.length === 0) return [];
  const names = hosts.map((value) =>
    /^[\d.]+$|:/.test(value) ? ({ type: "ip", value } as const) : ({ type: "dns", value } as const),
  );
  return [new x509.SubjectAlternativeNameExtension(names)];
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString("pem").trim()}\n`;
}

async function privateKeyPem(key: CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", key as webcrypto.CryptoKey));
  const parsed = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  return parsed.export({ type: "pkcs8", format: "pem" });
}
