// From what a runtime throws while connecting to an HttpClientError with a code and a sentence.
import { systemClock } from "../clock.ts";
import type { Certificate } from "../crypto/certificate.ts";
import { codeOf, messageOf } from "../runtime-error.ts";
import { HttpClientError, type HttpClientErrorCode } from "./types.ts";

/** How much of a certificate's names a message shows, in characters. */
const NAMES_LENGTH_MAX = 200;

const BY_ERRNO: Readonly<Record<string, HttpClientErrorCode>> = {
  ECONNREFUSED: "REFUSED",
  ENOENT: "REFUSED",
  EHOSTUNREACH: "UNREACHABLE",
  ENETUNREACH: "UNREACHABLE",
  EHOSTDOWN: "UNREACHABLE",
  EADDRNOTAVAIL: "UNREACHABLE",
  EACCES: "UNREACHABLE",
  ETIMEDOUT: "TIMEOUT",
  ECONNRESET: "RESET",
  ECONNABORTED: "RESET",
  EPIPE: "RESET",
};

/** X.509 verification results (openssl-verification-options(1)) and Node's own, in words. */
const TLS_REASONS: Readonly<Record<string, string>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "no trusted authority signed it",
  UNABLE_TO_GET_ISSUER_CERT: "its issuer is not known",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its issuer is not trusted",
  SELF_SIGNED_CERT_IN_CHAIN: "the authority that signed it is not trusted",
  DEPTH_ZERO_SELF_SIGNED_CERT: "it is self-signed and not trusted",
  CERT_HAS_EXPIRED: "it has expired",
  CERT_NOT_YET_VALID: "it is not valid yet",
  CERT_SIGNATURE_FAILURE: "a signature in its chain is wrong",
  INVALID_CA: "an authority in its chain is not one",
  INVALID_PURPOSE: "it is not for servers",
  ERR_TLS_CERT_ALTNAME_INVALID: "it is for other names",
};

/** True if the server's certificate is what failed. */
export function isCertificateRefused(thrown: unknown): boolean {
  return codeOf(firstOf(thrown)) in TLS_REASONS;
}

/** Describes a failure to reach `where`; `refused` is the server's certificate if that failed and could be read. */
export function connectError(thrown: unknown, where: string, refused?: Certificate): HttpClientError {
  if (thrown instanceof HttpClientError) return thrown;
  const first = firstOf(thrown);
  const code = codeOf(first);
  const reason = refused === undefined ? TLS_REASONS[code] : reasonOf(refused, code);
  if (reason !== undefined) {
    return new HttpClientError("TLS", `Cannot trust the certificate of ${where} as ${reason} (${code})`, {
      cause: first,
    });
  }
  return new HttpClientError(kindOf(code), `Cannot connect to ${where} as ${messageOf(first)}`, {
    cause: first,
    isUnprocessed: true,
  });
}

/** Some runtimes call an expired certificate untrusted: its own dates say more. */
function reasonOf(certificate: Certificate, code: string): string {
  const nowMs = systemClock.wallMs();
  const { validFromMs, validToMs, issuer } = certificate;
  if (validToMs < nowMs) return `it has expired: it was valid to ${new Date(validToMs).toISOString()}`;
  if (validFromMs > nowMs) return `it is not valid yet: it will be from ${new Date(validFromMs).toISOString()}`;
  const reason = TLS_REASONS[code] ?? "it is not acceptable";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    const names = [...certificate.dnsNames, ...certificate.ipAddresses];
    return `${reason}: ${names.join(", ").slice(0, NAMES_LENGTH_MAX)}`;
  }
  return `${reason}: its issuer is "${issuer.CN ?? "without a name"}"`;
}

function kindOf(code: string): HttpClientErrorCode {
  const known = BY_ERRNO[code];
  if (known !== undefined) return known;
  if (code === "ENOTFOUND" || code.startsWith("EAI_") || code.startsWith("DNS_")) return "DNS";
  if (/^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|SELF_SIGNED|ERR_OSSL|EPROTO)/.test(code)) return "TLS";
  return "UNREACHABLE";
}

/** Trying several addresses of one name throws all their failures together. */
function firstOf(thrown: unknown): unknown {
  return thrown instanceof AggregateError ? (thrown.errors[0] ?? thrown) : thrown;
}
