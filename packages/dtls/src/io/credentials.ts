// Credentials from PEM, and the verifier of a trust bundle, over the runtime's view of certificates.
import { type Clock, err, ok } from "@coracle/base";
import { ecdsaSigningKey, keyMatchesCertificate, parseCertificates, verifyCertificate } from "@coracle/runtime";
import type { AlertName } from "../alert/alert.ts";
import type { Credentials } from "../connection/handshake-context.ts";
import type { PeerVerifier } from "../connection/identity.ts";

/** Why a key or certificate cannot be used; never shows any of it. */
export class CredentialsError extends Error {
  override readonly name = "CredentialsError";
  readonly code = "BAD_CREDENTIALS" as const;
}

/**
 * A P-256 key in PEM with its certificate chain in PEM, leaf first. Without a chain the key is shown raw (RFC 7250). Throws
 * {@link CredentialsError} if either cannot be used or they do not belong together.
 */
export function loadCredentials(keyPem: string, chainPem?: string): Credentials {
  const signingKey = ecdsaSigningKey(keyPem);
  if (signingKey === undefined) throw new CredentialsError("Cannot use the private key: it is not P-256 in PEM");
  if (chainPem === undefined) return { signingKey, chain: [], rawPublicKey: true };
  const parsed = parseCertificates(chainPem);
  if (!parsed.ok) throw new CredentialsError(parsed.error.message);
  if (!keyMatchesCertificate(keyPem, chainPem)) {
    throw new CredentialsError("Cannot use the private key: it does not belong to the certificate");
  }
  const chain = parsed.value.map((certificate) => pemToDer(certificate.pem));
  return { signingKey, chain, rawPublicKey: true };
}

/** What a trust verifier believes. */
export interface TrustOptions {
  /** PEM bundles of authorities. */
  readonly ca?: readonly string[];
  /** Raw public keys (SubjectPublicKeyInfo, DER) by the name they are known under. */
  readonly rawPublicKeys?: ReadonlyMap<string, Uint8Array>;
  readonly clock: Clock;
  /** What the certificate must be good for. */
  readonly usage: "client" | "server";
}

/** Verifies chains against the authorities, and raw keys by looking them up. A server's name must be in its certificate. */
export function trustVerifier(options: TrustOptions): PeerVerifier {
  return (presented, serverName) => {
    if (presented.kind === "raw-public-key") return nameOfRawKey(options, presented.publicKey);
    const [leaf, ...intermediates] = presented.chain.map(derToPem);
    if (leaf === undefined) return err("badCertificate");
    const verdict = verifyCertificate(leaf, options.ca ?? [], {
      nowMs: options.clock.wallMs(),
      usage: options.usage,
      intermediatesPem: intermediates.join("\n"),
    });
    if (!verdict.ok) return err(alertOf(verdict.error.code));
    const { allowsSignatures, dnsNames, ipAddresses, subject } = verdict.value;
    if (!allowsSignatures) return err("unsupportedCertificate");
    const names = [...dnsNames, ...ipAddresses];
    if (options.usage === "server" && serverName !== undefined && !names.some((name) => covers(name, serverName))) {
      return err("badCertificate");
    }
    return ok(subject.CN ?? names[0] ?? verdict.value.serialNumber);
  };
}

function nameOfRawKey(options: TrustOptions, publicKey: Uint8Array): ReturnType<PeerVerifier> {
  for (const [name, known] of options.rawPublicKeys ?? []) {
    if (known.length === publicKey.length && known.every((byte, index) => byte === publicKey[index])) return ok(name);
  }
  return err("certificateUnknown");
}

function alertOf(code: string): AlertName {
  switch (code) {
    case "UNKNOWN_ISSUER":
      return "unknownCa";
    case "EXPIRED":
      return "certificateExpired";
    case "WRONG_USAGE":
      return "unsupportedCertificate";
    default:
      return "badCertificate";
  }
}

/** RFC 6125 §6.4.3: a wildcard stands for one whole leftmost label. */
function covers(pattern: string, name: string): boolean {
  const [wanted, given] = [name.toLowerCase(), pattern.toLowerCase()];
  if (!given.startsWith("*.")) return wanted === given;
  const dot = wanted.indexOf(".");
  return dot > 0 && wanted.slice(dot) === given.slice(1);
}

function pemToDer(pem: string): Uint8Array {
  const text = atob(pem.replace(/-----[A-Z ]+-----|\s/g, ""));
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function derToPem(der: Uint8Array): string {
  const lines = btoa(String.fromCharCode(...der)).match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
