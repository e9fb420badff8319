// CertificateVerify (RFC 5246 §7.4.8): the client proves that it holds its certificate's key.
import { ByteReader } from "@coracle/base";
import { type DigitallySigned, encodeDigitallySigned, readDigitallySigned } from "./server-key-exchange.ts";

export function encodeCertificateVerify(signed: DigitallySigned): Uint8Array {
  return encodeDigitallySigned(signed);
}

/** `undefined` if malformed. */
export function parseCertificateVerify(body: Uint8Array): DigitallySigned | undefined {
  return readDigitallySigned(new ByteReader(body));
}
