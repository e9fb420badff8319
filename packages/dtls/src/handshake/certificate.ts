// Certificate: an X.509 chain (RFC 5246 §7.4.2) or one raw public key (RFC 7250 §3).
import { ByteReader, ByteWriter } from "@coracle/base";

/** Certificates in one chain. */
const CHAIN_LENGTH_MAX = 10;

/** An X.509 chain, leaf first, each in DER. Empty: the sender has none. */
export function encodeCertificateChain(chain: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter();
  writer.uint24(chain.reduce((sum, certificate) => sum + 3 + certificate.length, 0));
  for (const certificate of chain) writer.uint24(certificate.length).bytes(certificate);
  return writer.finish();
}

/** The chain, possibly empty; `undefined` if malformed or too long. */
export function parseCertificateChain(body: Uint8Array): readonly Uint8Array[] | undefined {
  const reader = new ByteReader(body);
  if (reader.uint24() !== reader.remaining || reader.failed) return undefined;
  const chain: Uint8Array[] = [];
  while (reader.remaining > 0) {
    const certificate = reader.bytes(reader.uint24());
    if (reader.failed || certificate.length === 0 || chain.length === CHAIN_LENGTH_MAX) return undefined;
    chain.push(certificate.slice());
  }
  return chain;
}

/** A raw public key (SubjectPublicKeyInfo, DER). Empty: the sender has none. */
export function encodeRawPublicKey(publicKey: Uint8Array): Uint8Array {
  return new ByteWriter().uint24(publicKey.length).bytes(publicKey).finish();
}

/** The key, possibly empty; `undefined` if malformed. */
export function parseRawPublicKey(body: Uint8Array): Uint8Array | undefined {
  const reader = new ByteReader(body);
  const key = reader.bytes(reader.uint24());
  return reader.failed || reader.remaining > 0 ? undefined : key.slice();
}
