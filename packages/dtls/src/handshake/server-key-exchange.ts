// ServerKeyExchange: identity hint (RFC 4279 §2), ephemeral key (RFC 8422 §5.4), both (RFC 5489 §2).
import { ByteReader, ByteWriter } from "@coracle/base";

/** ECCurveType named_curve. */
const NAMED_CURVE = 3;

/** The server's ephemeral key. */
export interface EcParameters {
  /** Number of the group. */
  readonly group: number;
  readonly publicKey: Uint8Array;
}

/** A signature with its algorithm (RFC 5246 §4.7). */
export interface DigitallySigned {
  readonly scheme: number;
  readonly signature: Uint8Array;
}

export function encodePskHint(hint: Uint8Array): Uint8Array {
  return new ByteWriter().uint16(hint.length).bytes(hint).finish();
}

/** The hint; `undefined` if malformed. */
export function parsePskHint(body: Uint8Array): Uint8Array | undefined {
  const reader = new ByteReader(body);
  const hint = reader.bytes(reader.uint16());
  return reader.failed || reader.remaining > 0 ? undefined : hint;
}

/** ServerECDHParams: also what the signature covers, behind both randoms. */
export function encodeEcParameters(parameters: EcParameters): Uint8Array {
  return new ByteWriter()
    .uint8(NAMED_CURVE)
    .uint16(parameters.group)
    .uint8(parameters.publicKey.length)
    .bytes(parameters.publicKey)
    .finish();
}

export function encodeEcdhePsk(hint: Uint8Array, parameters: EcParameters): Uint8Array {
  return new ByteWriter().bytes(encodePskHint(hint)).bytes(encodeEcParameters(parameters)).finish();
}

/** `undefined` if malformed or not a named curve. */
export function parseEcdhePsk(body: Uint8Array): { hint: Uint8Array; parameters: EcParameters } | undefined {
  const reader = new ByteReader(body);
  const hint = reader.bytes(reader.uint16());
  const parameters = readEcParameters(reader);
  return parameters === undefined || reader.remaining > 0 ? undefined : { hint, parameters };
}

export function encodeEcdheEcdsa(parameters: EcParameters, signed: DigitallySigned): Uint8Array {
  return new ByteWriter().bytes(encodeEcParameters(parameters)).bytes(encodeDigitallySigned(signed)).finish();
}

/** `undefined` if malformed or not a named curve. */
export function parseEcdheEcdsa(body: Uint8Array): { parameters: EcParameters; signed: DigitallySigned } | undefined {
  const reader = new ByteReader(body);
  const parameters = readEcParameters(reader);
  const signed = readDigitallySigned(reader);
  return parameters === undefined || signed === undefined ? undefined : { parameters, signed };
}

export function encodeDigitallySigned(signed: DigitallySigned): Uint8Array {
  return new ByteWriter().uint16(signed.scheme).uint16(signed.signature.length).bytes(signed.signature).finish();
}

/** What a signature is and says, to the end of the message; `undefined` if malformed. */
export function readDigitallySigned(reader: ByteReader): DigitallySigned | undefined {
  const scheme = reader.uint16();
  const signature = reader.bytes(reader.uint16());
  return reader.failed || reader.remaining > 0 ? undefined : { scheme, signature };
}

function readEcParameters(reader: ByteReader): EcParameters | undefined {
  const curveType = reader.uint8();
  const group = reader.uint16();
  const publicKey = reader.bytes(reader.uint8());
  return reader.failed || curveType !== NAMED_CURVE ? undefined : { group, publicKey };
}
