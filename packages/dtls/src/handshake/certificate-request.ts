// CertificateRequest (RFC 5246 §7.4.4): the server wants to know who the client is.
import { ByteReader, ByteWriter } from "@coracle/base";

/** ClientCertificateType ecdsa_sign (RFC 8422 §5.5). */
const ECDSA_SIGN = 64;

/** Which certificates the server can check. */
export interface CertificateRequest {
  readonly signatureSchemes: readonly number[];
  /** True if certificates with ECDSA keys are among the types asked for. */
  readonly acceptsEcdsa: boolean;
}

/** Asks for an ECDSA certificate of any authority. */
export function encodeCertificateRequest(signatureSchemes: readonly number[]): Uint8Array {
  const writer = new ByteWriter()
    .uint8(1)
    .uint8(ECDSA_SIGN)
    .uint16(signatureSchemes.length * 2);
  for (const scheme of signatureSchemes) writer.uint16(scheme);
  return writer.uint16(0).finish();
}

/** `undefined` if malformed. The names of authorities are skipped: the client has one certificate to offer or none. */
export function parseCertificateRequest(body: Uint8Array): CertificateRequest | undefined {
  const reader = new ByteReader(body);
  const types = reader.bytes(reader.uint8());
  const schemes = new ByteReader(reader.bytes(reader.uint16()));
  reader.skip(reader.uint16());
  const signatureSchemes: number[] = [];
  while (schemes.remaining > 1) signatureSchemes.push(schemes.uint16());
  if (reader.failed || reader.remaining > 0 || schemes.remaining > 0) return undefined;
  return { signatureSchemes, acceptsEcdsa: types.includes(ECDSA_SIGN) };
}
