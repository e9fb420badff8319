// ServerHello (RFC 5246 §7.4.1.3).
import { ByteReader, ByteWriter } from "@coracle/base";
import { encodeExtensions, type Extension, parseExtensions } from "../extension/extension.ts";
import { RANDOM_SIZE } from "./client-hello.ts";

/** The server's choice. */
export interface ServerHello {
  readonly version: number;
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly cipherSuite: number;
  readonly compressionMethod: number;
  readonly extensions: readonly Extension[];
}

export function encodeServerHello(hello: ServerHello): Uint8Array {
  const writer = new ByteWriter().uint16(hello.version).bytes(hello.random);
  writer.uint8(hello.sessionId.length).bytes(hello.sessionId);
  writer.uint16(hello.cipherSuite).uint8(hello.compressionMethod);
  encodeExtensions(writer, hello.extensions);
  return writer.finish();
}

/** `undefined` if the body is malformed, has extra bytes or an extension twice. */
export function parseServerHello(body: Uint8Array): ServerHello | undefined {
  const reader = new ByteReader(body);
  const version = reader.uint16();
  const random = reader.bytes(RANDOM_SIZE);
  const sessionId = reader.bytes(reader.uint8());
  const cipherSuite = reader.uint16();
  const compressionMethod = reader.uint8();
  if (reader.failed || sessionId.length > 32) return undefined;
  const extensions = parseExtensions(reader);
  if (extensions === undefined) return undefined;
  return { version, random, sessionId, cipherSuite, compressionMethod, extensions };
}
