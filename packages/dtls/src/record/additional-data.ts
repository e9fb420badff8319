// The additional data of AEAD records: RFC 5246 §6.2.3.3 without, RFC 9146 §5.3 with a connection ID. Built in arrays that are made
// once for each size: two records are never worked on at the same time.
import { ContentType, DTLS_1_2 } from "./content-type.ts";

/** Where the form with a connection ID has it. */
export const ADDITIONAL_CID_OFFSET = 21;

/** Bytes of the form without a connection ID. */
const PLAIN_SIZE = 13;
/** Bytes of the form with one, the ID itself not counted. */
const CID_SIZE = 23;
/** Where a record's header has epoch and sequence number, which have eight bytes together. */
const HEADER_SEQUENCE_AT = 3;
const SEQUENCE_SIZE = 8;

const plainForm: Uint8Array = new Uint8Array(PLAIN_SIZE);
/** By the size of the ID. */
const cidForms: Uint8Array[] = [];

/**
 * The additional data of a record without an ID, whose header starts at `start` and whose content has `sizeBytes` bytes. Good
 * until the next call.
 */
export function plainAdditional(record: Uint8Array, start: number, sizeBytes: number): Uint8Array {
  copySequence(record, start, plainForm, 0);
  plainForm[8] = record[start] as number;
  writeVersion(plainForm, 9);
  writeSize(plainForm, 11, sizeBytes);
  return plainForm;
}

/**
 * The same of a record with an ID of `cidSizeBytes` bytes; `sizeBytes` counts inner type and padding. The caller writes the
 * ID itself, at {@link ADDITIONAL_CID_OFFSET}: that of the session, whatever the record says. Good until the next call.
 */
export function cidAdditional(record: Uint8Array, start: number, sizeBytes: number, cidSizeBytes: number): Uint8Array {
  const known = cidForms[cidSizeBytes];
  const form = known ?? newCidForm(cidSizeBytes);
  if (known === undefined) cidForms[cidSizeBytes] = form;
  copySequence(record, start, form, 13);
  writeSize(form, ADDITIONAL_CID_OFFSET + cidSizeBytes, sizeBytes);
  return form;
}

/** With everything that is the same in all records. */
function newCidForm(cidSizeBytes: number): Uint8Array {
  const form = new Uint8Array(CID_SIZE + cidSizeBytes);
  form.fill(0xff, 0, 8);
  form[8] = ContentType.tls12Cid;
  form[9] = cidSizeBytes;
  form[10] = ContentType.tls12Cid;
  writeVersion(form, 11);
  return form;
}

function copySequence(record: Uint8Array, start: number, out: Uint8Array, at: number): void {
  const from = start + HEADER_SEQUENCE_AT;
  for (let index = 0; index < SEQUENCE_SIZE; index++) out[at + index] = record[from + index] as number;
}

function writeVersion(out: Uint8Array, at: number): void {
  out[at] = DTLS_1_2 >>> 8;
  out[at + 1] = DTLS_1_2 & 0xff;
}

function writeSize(out: Uint8Array, at: number, sizeBytes: number): void {
  out[at] = sizeBytes >>> 8;
  out[at + 1] = sizeBytes & 0xff;
}
