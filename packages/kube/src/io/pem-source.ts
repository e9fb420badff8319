// One piece of PEM with, when it came from a file, the path to watch for its rotation.
import { parseCertificates } from "@coracle/runtime";

/** PEM text as it was when the configuration was loaded. */
export interface PemSource {
  /** One or more PEM blocks. */
  readonly pem: string;
  /** Where it was read from; absent for in-line data, which never changes. */
  readonly path?: string;
}

/** Whether `pem` holds certificates and all of them parse: half-written files do not. */
export function isCertificatePem(pem: string): boolean {
  return parseCertificates(pem).ok;
}

/** Whether `pem` looks like a private key; whether it fits a certificate is asked elsewhere. */
export function isPrivateKeyPem(pem: string): boolean {
  return /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[\s\S]+-----END (?:[A-Z]+ )?PRIVATE KEY-----/.test(pem);
}
