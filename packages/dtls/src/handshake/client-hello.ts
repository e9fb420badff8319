// ClientHello (RFC 5246 §7.4.1.2, with the cookie of RFC 6347 §4.2.1).
import { ByteReader, ByteWriter } from "@coracle/base";
import { encodeExtensions, type Extension, parseExtensions } from "../extension/extension.ts";

/** Bytes of either hello's random. */
export const RANDOM_SIZE = 32;

/** The client's first message, and its second with the cookie. */
export interface ClientHello {
  readonly version: number;
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly cookie: Uint8Array;
  readonly cipherSuites: readonly number[];
  readonly compressionMethods: Uint8Array;
  readonly extensions: readonly Extension[];
}

export function encodeClientHello(hello: ClientHello): Uint8Array {
  const writer = new ByteWriter().uint16(hello.version).bytes(hello.random);
  writer.uint8(hello.sessionId.length).bytes(hello.sessionId);
  writer.uint8(hello.cookie.length).bytes(hello.cookie);
  writer.uint16(hello.cipherSuites.length * 2);
  for (const code of hello.cipherSuites) writer.uint16(code);
  writer.uint8(hello.compressionMethods.length).bytes(hello.compressionMethods);
  encodeExtensions(writer, hello.extensions);
  return writer.finish();
}

/** `undefined` if the body is malformed, has extra bytes or an extension twice. */
export function parseClientHello(body: Uint8Array): ClientHello | undefined {
  const reader = new ByteReader(body);
  const version = reader.uint16();
  const random = reader.bytes(RANDOM_SIZE);
  const sessionId = reader.bytes(reader.uint8());
  const cookie = reader.bytes(reader.uint8());
  const suites = new ByteReader(reader.bytes(reader.uint16()));
  const compressionMethods = reader.bytes(reader.uint8());
  const cipherSuites: number[] = [];
  while (suites.remaining > 1) cipherSuites.push(suites.uint16());
  if (suites.remaining !== 0 || reader.failed || sessionId.length > 32 || cipherSuites.length === 0) return undefined;
  if (!compressionMethods.includes(0)) return undefined;
  const extensions = parseExtensions(reader);
  if (extensions === undefined) return undefined;
  return { version, random, sessionId, cookie, cipherSuites, compressionMethods, extensions };
}
