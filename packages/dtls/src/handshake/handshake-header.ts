// The handshake header and its fragments (RFC 6347 §4.2.2): type, length, message sequence, fragment offset and length.
import { ByteReader, ByteWriter } from "@coracle/base";

/** Handshake message types (RFC 5246 §7.4, RFC 6347 §4.3.2). */
export const HandshakeType = {
  helloRequest: 0,
  clientHello: 1,
  serverHello: 2,
  helloVerifyRequest: 3,
  certificate: 11,
  serverKeyExchange: 12,
  certificateRequest: 13,
  serverHelloDone: 14,
  certificateVerify: 15,
  clientKeyExchange: 16,
  finished: 20,
} as const;

/** Bytes of the header. */
export const HANDSHAKE_HEADER_SIZE = 12;

/** One fragment as it lies in a record. */
export interface HandshakeFragment {
  readonly type: number;
  /** Size of the whole body. */
  readonly messageSizeBytes: number;
  readonly messageSequence: number;
  readonly offset: number;
  /** A view of the record's content. */
  readonly body: Uint8Array;
}

/** A whole message. */
export interface HandshakeMessage {
  readonly type: number;
  readonly messageSequence: number;
  readonly body: Uint8Array;
}

/** Every fragment in the content of one record; `undefined` if it is malformed. One record may hold several messages. */
export function parseFragments(content: Uint8Array): readonly HandshakeFragment[] | undefined {
  const reader = new ByteReader(content);
  const fragments: HandshakeFragment[] = [];
  while (reader.remaining > 0) {
    const type = reader.uint8();
    const messageSizeBytes = reader.uint24();
    const messageSequence = reader.uint16();
    const offset = reader.uint24();
    const body = reader.bytes(reader.uint24());
    if (reader.failed || offset + body.length > messageSizeBytes) return undefined;
    fragments.push({ type, messageSizeBytes, messageSequence, offset, body });
  }
  return fragments.length === 0 ? undefined : fragments;
}

/** `size` bytes of a message from `offset` on, as one fragment. */
export function encodeFragment(message: HandshakeMessage, offset: number, size: number): Uint8Array {
  return new ByteWriter({ sizeBytes: HANDSHAKE_HEADER_SIZE + size })
    .uint8(message.type)
    .uint24(message.body.length)
    .uint16(message.messageSequence)
    .uint24(offset)
    .uint24(size)
    .bytes(message.body.subarray(offset, offset + size))
    .finish();
}

/** The message as if sent in one fragment: the form that the transcript covers (RFC 6347 §4.2.6). */
export function encodeMessage(message: HandshakeMessage): Uint8Array {
  return encodeFragment(message, 0, message.body.length);
}
