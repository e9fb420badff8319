// From what a runtime throws while connecting to an HttpClientError with a code and a sentence.
import { codeOf, messageOf } from "../runtime-error.ts";
import { HttpClientError, type HttpClientErrorCode } from "./types.ts";

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

/** True if the certificate's chain is what failed, so that naming its issuer helps. */
export function isUntrustedIssuer(thrown: unknown): boolean {
  return /^(UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO)/.test(codeOf(firstOf(thrown)));
}

/** Describes a failure to reach `where`; `issuer` is who signed a certificate that is not trusted. */
export function connectError(thrown: unknown, where: string, issuer?: string): HttpClientError {
  if (thrown instanceof HttpClientError) return thrown;
  const first = firstOf(thrown);
  const code = codeOf(first);
  const reason = TLS_REASONS[code];
  if (reason !== undefined) {
    const who = issuer === undefined ? "" : `; its issuer is "${issuer}"`;
    return new HttpClientError(
      "TLS",
      `Cannot trust the certificate of ${where} as ${reason} (${code})${who}: ${messageOf(first)}`,
      { cause: first },
    );
  }
  return new HttpClientError(kindOf(code), `Cannot connect to ${where} as ${messageOf(first)}`, {
    cause: first,
    isUnprocessed: true,
  });
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
