// Walking the records of a datagram without opening any: what a router needs to find the connection ID.
import { ContentType } from "./content-type.ts";
import { type CidSizeAt, parseRecordHeader, RECORD_CID_OFFSET } from "./record-header.ts";

/** Records looked at in one datagram. A flight has fewer; the rest of a longer datagram is ignored. */
export const DATAGRAM_RECORDS_MAX = 16;

/** Where a connection ID lies in a datagram. */
export interface CidPosition {
  readonly offset: number;
  readonly sizeBytes: number;
}

/**
 * The first connection ID in a datagram, also behind leading plaintext records: a Finished flight starts with
 * ClientKeyExchange and ChangeCipherSpec, and only its last record carries the ID (RFC 9146 §4).
 */
export function findCid(datagram: Uint8Array, cidSizeAt: CidSizeAt): CidPosition | undefined {
  for (let count = 0, start = 0; count < DATAGRAM_RECORDS_MAX && start < datagram.length; count++) {
    const header = parseRecordHeader(datagram, start, cidSizeAt);
    if (header === undefined) return undefined;
    if (header.type === ContentType.tls12Cid) {
      return header.cidSizeBytes === 0
        ? undefined
        : { offset: start + RECORD_CID_OFFSET, sizeBytes: header.cidSizeBytes };
    }
    start = header.end;
  }
  return undefined;
}
