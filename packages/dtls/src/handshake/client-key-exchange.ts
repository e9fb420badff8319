// ClientKeyExchange: identity (RFC 4279 §2), ephemeral key (RFC 8422 §5.7), both (RFC 5489 §2).
import { ByteReader, ByteWriter } from "@coracle/base";
import type { KeyExchange } from "../suite/cipher-suite.ts";

/** What the client contributes; the parts its key exchange has no use for are empty. */
export interface ClientKeyExchange {
  readonly identity: Uint8Array;
  readonly publicKey: Uint8Array;
}

export function encodeClientKeyExchange(exchange: KeyExchange, message: ClientKeyExchange): Uint8Array {
  const writer = new ByteWriter();
  if (exchange !== "ecdhe-ecdsa") writer.uint16(message.identity.length).bytes(message.identity);
  if (exchange !== "psk") writer.uint8(message.publicKey.length).bytes(message.publicKey);
  return writer.finish();
}

/** `undefined` if malformed. The parts are views. */
export function parseClientKeyExchange(exchange: KeyExchange, body: Uint8Array): ClientKeyExchange | undefined {
  const reader = new ByteReader(body);
  const identity = exchange === "ecdhe-ecdsa" ? new Uint8Array(0) : reader.bytes(reader.uint16());
  const publicKey = exchange === "psk" ? new Uint8Array(0) : reader.bytes(reader.uint8());
  return reader.failed || reader.remaining > 0 ? undefined : { identity, publicKey };
}
