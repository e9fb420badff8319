// Finding the owner of a datagram: walk its DTLS 1.2 records to the first connection ID (RFC 6347 §4.1, RFC 9146 §4).
import type { DatagramView } from "./forward-header.ts";

const RECORD_HEADER_SIZE_BYTES = 13;
const CID_OFFSET = 11;
const TYPE_FIRST = 20;
const TYPE_CID = 25;
const TYPE_LAST = 27;

/** Records looked at in one datagram; a flight in which a CID follows plaintext has three. */
export const DATAGRAM_RECORDS_MAX = 16;

/** {@link peekCid} found no connection ID: a handshake, another protocol, or nothing. */
export const NO_CID = -1;
/** {@link peekCid} found a record that claims a connection ID but cannot be one. */
export const BROKEN_RECORD = -2;

/**
 * Offset of the first connection ID in the datagram's buffer, {@link NO_CID} or {@link BROKEN_RECORD}. It may lie behind
 * plaintext records: ClientKeyExchange, ChangeCipherSpec and a Finished with CID may share a datagram. The CID length is not
 * on the wire; all nodes of a cluster use `cidSizeBytes`. Allocates nothing, never throws.
 */
export function peekCid(datagram: DatagramView, cidSizeBytes: number): number {
  const { bytes, end } = datagram;
  let start = datagram.start;
  for (let count = 0; count < DATAGRAM_RECORDS_MAX && end - start >= RECORD_HEADER_SIZE_BYTES; count++) {
    const type = bytes[start] ?? 0;
    if (type < TYPE_FIRST || type > TYPE_LAST || bytes[start + 1] !== 0xfe) return NO_CID;
    const headerSize = type === TYPE_CID ? RECORD_HEADER_SIZE_BYTES + cidSizeBytes : RECORD_HEADER_SIZE_BYTES;
    if (type === TYPE_CID && (bytes[start + 2] !== 0xfd || end - start < headerSize)) return BROKEN_RECORD;
    const length = ((bytes[start + headerSize - 2] ?? 0) << 8) | (bytes[start + headerSize - 1] ?? 0);
    if (length > end - start - headerSize) return type === TYPE_CID ? BROKEN_RECORD : NO_CID;
    if (type === TYPE_CID) return start + CID_OFFSET;
    start += headerSize + length;
  }
  return end > datagram.start && bytes[datagram.start] === TYPE_CID ? BROKEN_RECORD : NO_CID;
}

/**
 * True if the datagram is whole DTLS 1.2 records and nothing else: one, or the few of a handshake's last flight. The length of
 * a connection ID is the client's, so it is not known here: a record with one is taken for the last.
 */
export function isRecords(datagram: DatagramView): boolean {
  const { bytes, end } = datagram;
  let start = datagram.start;
  for (let count = 0; count < DATAGRAM_RECORDS_MAX && start < end; count++) {
    const type = bytes[start] ?? 0;
    if (end - start < RECORD_HEADER_SIZE_BYTES || type < TYPE_FIRST || type > TYPE_LAST) return false;
    if (bytes[start + 1] !== 0xfe || bytes[start + 2] !== 0xfd) return false;
    if (type === TYPE_CID) return true;
    const length = ((bytes[start + 11] ?? 0) << 8) | (bytes[start + 12] ?? 0);
    start += RECORD_HEADER_SIZE_BYTES + length;
  }
  return start === end && end > datagram.start;
}
