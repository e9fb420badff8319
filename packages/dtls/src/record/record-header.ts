// The record header: plain (RFC 6347 §4.1, 13 bytes) and with a connection ID (RFC 9146 §4, 13 + n bytes).
import { ContentType, DTLS_1_0, DTLS_1_2 } from "./content-type.ts";

/** Bytes of a header without its connection ID. */
export const RECORD_HEADER_SIZE = 13;
/** Where the connection ID of a `tls12_cid` record starts. */
export const RECORD_CID_OFFSET = 11;

/** Where one record lies in a datagram. Offsets count from the start of the datagram. */
export interface RecordHeader {
  readonly type: number;
  readonly version: number;
  readonly epoch: number;
  /** 48 bits. */
  readonly sequence: number;
  readonly start: number;
  /** 0 unless the type is `tls12_cid`. */
  readonly cidSizeBytes: number;
  readonly payloadStart: number;
  /** One past the last byte of the record. */
  readonly end: number;
}

/**
 * Tells how long the connection ID is that starts at `offset`: the wire does not say. -1 if it cannot be one of ours.
 * A deployment has one fixed size or values that carry their own.
 */
export type CidSizeAt = (datagram: Uint8Array, offset: number) => number;

/** The record that starts at `start`, or `undefined` if it is cut short, of another protocol or of another version. */
export function parseRecordHeader(datagram: Uint8Array, start: number, cidSizeAt: CidSizeAt): RecordHeader | undefined {
  if (datagram.length - start < RECORD_HEADER_SIZE) return undefined;
  const type = byteAt(datagram, start);
  if (type < ContentType.changeCipherSpec || type > 63) return undefined;
  const version = uint16At(datagram, start + 1);
  const epoch = uint16At(datagram, start + 3);
  if (version !== DTLS_1_2 && !(version === DTLS_1_0 && epoch === 0)) return undefined;
  const cidSizeBytes = type === ContentType.tls12Cid ? cidSizeAt(datagram, start + RECORD_CID_OFFSET) : 0;
  const payloadStart = start + RECORD_HEADER_SIZE + cidSizeBytes;
  if (cidSizeBytes < 0 || payloadStart > datagram.length) return undefined;
  const end = payloadStart + uint16At(datagram, payloadStart - 2);
  if (end > datagram.length) return undefined;
  const sequence = uint16At(datagram, start + 5) * 0x1_0000_0000 + uint32At(datagram, start + 7);
  return { type, version, epoch, sequence, start, cidSizeBytes, payloadStart, end };
}

/** Writes a header in front of `payloadSizeBytes` bytes; an empty `cid` with a plain type gives the plain form. */
export function writeRecordHeader(
  out: Uint8Array,
  header: { readonly type: number; readonly epoch: number; readonly sequence: number; readonly cid: Uint8Array },
  payloadSizeBytes: number,
): void {
  const { type, epoch, sequence, cid } = header;
  out[0] = type;
  out[1] = DTLS_1_2 >>> 8;
  out[2] = DTLS_1_2 & 0xff;
  writeEpochAndSequence(out, 3, epoch, sequence);
  for (let index = 0; index < cid.length; index++) out[RECORD_CID_OFFSET + index] = cid[index] as number;
  const at = RECORD_CID_OFFSET + cid.length;
  out[at] = payloadSizeBytes >>> 8;
  out[at + 1] = payloadSizeBytes & 0xff;
}

/** The eight bytes that are both sequence number on the wire and explicit nonce. */
export function writeEpochAndSequence(out: Uint8Array, at: number, epoch: number, sequence: number): void {
  const high = Math.floor(sequence / 0x1_0000_0000);
  const low = sequence >>> 0;
  out[at] = epoch >>> 8;
  out[at + 1] = epoch & 0xff;
  out[at + 2] = high >>> 8;
  out[at + 3] = high & 0xff;
  out[at + 4] = low >>> 24;
  out[at + 5] = (low >>> 16) & 0xff;
  out[at + 6] = (low >>> 8) & 0xff;
  out[at + 7] = low & 0xff;
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}

function uint16At(bytes: Uint8Array, at: number): number {
  return (byteAt(bytes, at) << 8) | byteAt(bytes, at + 1);
}

function uint32At(bytes: Uint8Array, at: number): number {
  return uint16At(bytes, at) * 0x1_0000 + uint16At(bytes, at + 2);
}
