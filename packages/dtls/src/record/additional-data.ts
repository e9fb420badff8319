// The additional data of AEAD records: RFC 5246 §6.2.3.3 without, RFC 9146 §5.3 with a connection ID.
import { ContentType, DTLS_1_2 } from "./content-type.ts";
import { writeEpochAndSequence } from "./record-header.ts";

/** Bytes of the form without a connection ID. */
const PLAIN_SIZE = 13;
/** Bytes of the form with one, the ID itself not counted. */
const CID_SIZE = 23;

/** What the additional data covers. */
export interface ProtectedFields {
  readonly type: number;
  readonly epoch: number;
  readonly sequence: number;
  /** Empty: the plain form. */
  readonly cid: Uint8Array;
}

/** The additional data of a record whose content, inner type and padding included, has `sizeBytes` bytes. */
export function additionalData(fields: ProtectedFields, sizeBytes: number): Uint8Array {
  return fields.cid.length === 0 ? plainForm(fields, sizeBytes) : cidForm(fields, sizeBytes);
}

function plainForm(fields: ProtectedFields, sizeBytes: number): Uint8Array {
  const out = new Uint8Array(PLAIN_SIZE);
  writeEpochAndSequence(out, 0, fields.epoch, fields.sequence);
  out[8] = fields.type;
  writeVersion(out, 9);
  writeSize(out, 11, sizeBytes);
  return out;
}

function cidForm(fields: ProtectedFields, sizeBytes: number): Uint8Array {
  const { cid } = fields;
  const out = new Uint8Array(CID_SIZE + cid.length);
  out.fill(0xff, 0, 8);
  out[8] = ContentType.tls12Cid;
  out[9] = cid.length;
  out[10] = ContentType.tls12Cid;
  writeVersion(out, 11);
  writeEpochAndSequence(out, 13, fields.epoch, fields.sequence);
  out.set(cid, 21);
  writeSize(out, 21 + cid.length, sizeBytes);
  return out;
}

function writeVersion(out: Uint8Array, at: number): void {
  out[at] = DTLS_1_2 >>> 8;
  out[at + 1] = DTLS_1_2 & 0xff;
}

function writeSize(out: Uint8Array, at: number, sizeBytes: number): void {
  out[at] = sizeBytes >>> 8;
  out[at + 1] = sizeBytes & 0xff;
}
