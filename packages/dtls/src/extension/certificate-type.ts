// client_certificate_type and server_certificate_type (RFC 7250 §3): X.509 or a raw public key.
import { type Extension, ExtensionType } from "./extension.ts";

/** How a side shows its public key. */
export type CertificateType = "x509" | "raw-public-key";

const NUMBERS: Readonly<Record<CertificateType, number>> = { x509: 0, "raw-public-key": 2 };

/** The list a client offers, best first. */
export function certificateTypeOffer(side: "client" | "server", types: readonly CertificateType[]): Extension {
  return { type: typeOf(side), data: Uint8Array.of(types.length, ...types.map((type) => NUMBERS[type])) };
}

/** The one a server chose. */
export function certificateTypeChoice(side: "client" | "server", type: CertificateType): Extension {
  return { type: typeOf(side), data: Uint8Array.of(NUMBERS[type]) };
}

/** The known types of an offer in its order; `undefined` if malformed. */
export function parseCertificateTypeOffer(data: Uint8Array): readonly CertificateType[] | undefined {
  if (data.length < 2 || data[0] !== data.length - 1) return undefined;
  return [...data.subarray(1)].flatMap((number) => byNumber(number) ?? []);
}

/** The chosen type; `undefined` if malformed or unknown. */
export function parseCertificateTypeChoice(data: Uint8Array): CertificateType | undefined {
  return data.length === 1 ? byNumber(data[0] ?? -1) : undefined;
}

function typeOf(side: "client" | "server"): number {
  return side === "client" ? ExtensionType.clientCertificateType : ExtensionType.serverCertificateType;
}

function byNumber(number: number): CertificateType | undefined {
  if (number === NUMBERS.x509) return "x509";
  return number === NUMBERS["raw-public-key"] ? "raw-public-key" : undefined;
}
