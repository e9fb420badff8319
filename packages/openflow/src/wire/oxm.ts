// OXM TLVs and `ofp_match` (OpenFlow 1.5.1 §7.2.3).
import { ByteReader, err, ok, type Result, unreachable } from "@coracle/base";
import { type Field, fieldByHeader } from "../flow/field.ts";
import { type FieldMatch, fitsNumber, type Match, matchBig, matchNumber, matchOf } from "../flow/match.ts";
import type { MessageBuffer } from "./message-buffer.ts";
import { type WireError, wireError } from "./wire-error.ts";

const MATCH_TYPE_OXM = 1;
const HAS_MASK = 0x100;
const EXPERIMENTER_CLASS = 0xffff;
const FIELDS_MAX = 256;

/** Appends `ofp_match` with its padding. */
export function encodeMatch(buffer: MessageBuffer, match: Match): void {
  const start = buffer.size;
  buffer.uint16(MATCH_TYPE_OXM);
  buffer.uint16(0);
  for (const entry of match) encodeOxm(buffer, entry);
  buffer.patchUint16(start + 2, buffer.size - start);
  buffer.padTo8(start);
}

/** Appends one OXM TLV. */
export function encodeOxm(buffer: MessageBuffer, entry: FieldMatch): void {
  switch (entry.kind) {
    case "number":
      encodeHeader(buffer, entry.field, entry.mask !== undefined);
      encodeNumber(buffer, entry.field.sizeBytes, entry.value);
      if (entry.mask !== undefined) encodeNumber(buffer, entry.field.sizeBytes, entry.mask);
      return;
    case "big":
      encodeHeader(buffer, entry.field, entry.mask !== undefined);
      encodeBig(buffer, entry.field.sizeBytes, entry.value);
      if (entry.mask !== undefined) encodeBig(buffer, entry.field.sizeBytes, entry.mask);
      return;
    case "opaque":
      buffer.uint32(entry.header);
      buffer.bytes(entry.payload);
      return;
    default:
      unreachable(entry);
  }
}

/** Appends the 32-bit header of a field. */
export function encodeHeader(buffer: MessageBuffer, field: Field, hasMask: boolean): void {
  buffer.uint32(field.header + (hasMask ? HAS_MASK + field.sizeBytes * 2 : field.sizeBytes));
}

function encodeNumber(buffer: MessageBuffer, sizeBytes: number, value: number): void {
  if (sizeBytes === 4) buffer.uint32(value);
  else if (sizeBytes === 6) buffer.uint48(value);
  else if (sizeBytes === 2) buffer.uint16(value);
  else buffer.uint8(value);
}

function encodeBig(buffer: MessageBuffer, sizeBytes: number, value: bigint): void {
  if (sizeBytes === 8) buffer.uint64(value);
  else buffer.uint128(value);
}

/** Reads `ofp_match` with its padding. Fields unknown here come back opaque, in canonical order. */
export function parseMatch(reader: ByteReader): Result<Match, WireError> {
  const type = reader.uint16();
  const sizeBytes = reader.uint16();
  if (reader.failed || type !== MATCH_TYPE_OXM || sizeBytes < 4) {
    return wireError("BAD_VALUE", "a match", `its type is ${type} and its length ${sizeBytes}`);
  }
  const body = reader.bytes(sizeBytes - 4);
  reader.skip((8 - (sizeBytes & 7)) & 7);
  if (reader.failed) return wireError("TRUNCATED", "a match", `it says ${sizeBytes} bytes`);
  const inner = new ByteReader(body);
  const fields: FieldMatch[] = [];
  while (inner.remaining > 0) {
    if (fields.length === FIELDS_MAX) return wireError("TOO_MANY", "a match", `more than ${FIELDS_MAX} fields`);
    const entry = parseOxm(inner);
    if (!entry.ok) return entry;
    fields.push(entry.value);
  }
  return ok(matchOf(fields));
}

/** Reads one OXM TLV. */
export function parseOxm(reader: ByteReader): Result<FieldMatch, WireError> {
  const header = reader.uint32();
  const payload = reader.bytes(header & 0xff);
  if (reader.failed) return wireError("TRUNCATED", "an OXM field", `header 0x${header.toString(16)}`);
  const hasMask = (header & HAS_MASK) !== 0;
  const field = header >>> 16 === EXPERIMENTER_CLASS ? undefined : fieldByHeader(header);
  if (field === undefined || payload.length !== field.sizeBytes * (hasMask ? 2 : 1)) {
    return ok({ kind: "opaque", header, payload: payload.slice() });
  }
  const value = payload.subarray(0, field.sizeBytes);
  const mask = hasMask ? payload.subarray(field.sizeBytes) : undefined;
  if (field.kind === "big") return ok(matchBig(field, readBig(value), mask === undefined ? undefined : readBig(mask)));
  const [bits, bitMask] = [readNumber(value), mask === undefined ? undefined : readNumber(mask)];
  // A VLAN's 13 bits come in 16: what sets another is no value of the field.
  const isOfField = fitsNumber(field, bits) && fitsNumber(field, bitMask ?? 0);
  return ok(isOfField ? matchNumber(field, bits, bitMask) : { kind: "opaque", header, payload: payload.slice() });
}

/** Reads the 32-bit header that names a field without a value, as `move` has it. */
export function parseHeaderField(header: number): Result<Field, WireError> {
  const field = fieldByHeader(header);
  if (field === undefined || (header & 0xff) !== field.sizeBytes) {
    return err({ code: "BAD_VALUE", message: `Cannot read a field: header 0x${header.toString(16)} is not known` });
  }
  return ok(field);
}

function readNumber(bytes: Uint8Array): number {
  let value = 0;
  for (const byte of bytes) value = value * 256 + byte;
  return value;
}

function readBig(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let at = 0; at < bytes.length; at += 4) value = (value << 32n) | BigInt(readNumber(bytes.subarray(at, at + 4)));
  return value;
}
