// What a flow matches: fields with values and masks, kept in one canonical order so that equal matches are equal.
import { assert } from "@coracle/base";
import {
  type BigField,
  DOUBLE_REGISTERS,
  type Field,
  FIELD,
  type NumberField,
  QUAD_REGISTERS,
  REGISTERS,
} from "./field.ts";

/** A field that must equal `value` in the bits of `mask` (all bits without one). */
export type FieldMatch =
  | { readonly kind: "number"; readonly field: NumberField; readonly value: number; readonly mask?: number }
  | { readonly kind: "big"; readonly field: BigField; readonly value: bigint; readonly mask?: bigint }
  | OpaqueMatch;

/** A field of no pipeline of ours, kept as it came: OXM header and payload (value, then mask if the header says so). */
export interface OpaqueMatch {
  readonly kind: "opaque";
  readonly header: number;
  readonly payload: Uint8Array;
}

/** Fields in wire order, each at most once. Make one with {@link matchOf}; the empty match takes every packet. */
export type Match = readonly FieldMatch[];

/** Matches a field of at most 48 bits. */
export function matchNumber(field: NumberField, value: number, mask?: number): FieldMatch {
  if (!fitsNumber(field, value)) refuse(field, `value ${value}`);
  if (mask === undefined || mask === numberMax(field)) return { kind: "number", field, value };
  if (!fitsNumber(field, mask)) refuse(field, `mask ${mask}`);
  return { kind: "number", field, value: andNumber(value, mask), mask };
}

/** Matches a field of 64 or 128 bits. */
export function matchBig(field: BigField, value: bigint, mask?: bigint): FieldMatch {
  if (!fitsBig(field, value)) refuse(field, `value ${value}`);
  if (mask === undefined || mask === bigMax(field)) return { kind: "big", field, value };
  if (!fitsBig(field, mask)) refuse(field, `mask ${mask}`);
  return { kind: "big", field, value: value & mask, mask };
}

/** Flows are made by the hundred thousand: the text is made only when it is needed. */
function refuse(field: Field, what: string): never {
  assert(false, `Cannot match ${field.name}: ${what} does not fit ${field.sizeBits} bits`);
}

/** The canonical match of these fields: wide registers told as `reg`, all-zero masks dropped, in wire order. */
export function matchOf(fields: readonly FieldMatch[]): Match {
  const isCanonical = fields.every(
    (entry, index) => !needsRewrite(entry) && (index === 0 || orderOf(fields[index - 1]) < orderOf(entry)),
  );
  if (isCanonical) return fields;
  return fields
    .flatMap((entry) => (needsRewrite(entry) ? rewritten(entry) : [entry]))
    .sort((a, b) => orderOf(a) - orderOf(b));
}

/** The exact value of a field in a match, or `undefined` if the field is absent or masked. */
export function exactNumber(match: Match, field: NumberField): number | undefined {
  for (const entry of match) {
    if (entry.kind === "number" && entry.field === field) return entry.mask === undefined ? entry.value : undefined;
  }
  return undefined;
}

/** The largest value of a number field, which is also its full mask. */
export function numberMax(field: NumberField): number {
  return 2 ** field.sizeBits - 1;
}

/** The largest value of a big field, which is also its full mask. */
export function bigMax(field: BigField): bigint {
  return (1n << BigInt(field.sizeBits)) - 1n;
}

/** True if `value` is an unsigned integer of the field's size. */
export function fitsNumber(field: NumberField, value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= numberMax(field);
}

/** True if `value` is an unsigned integer of the field's size. */
export function fitsBig(field: BigField, value: bigint): boolean {
  return value >= 0n && value <= bigMax(field);
}

/** Bitwise and of two integers below 2^53, which `&` alone would cut to 32 bits. */
export function andNumber(a: number, b: number): number {
  const high = (Math.floor(a / 0x1_0000_0000) & Math.floor(b / 0x1_0000_0000)) >>> 0;
  return high * 0x1_0000_0000 + ((a & b) >>> 0);
}

const ORDER_OPAQUE = 1000;

function orderOf(entry: FieldMatch | undefined): number {
  if (entry === undefined) return -1;
  return entry.kind === "opaque" ? ORDER_OPAQUE + entry.header : entry.field.order;
}

function needsRewrite(entry: FieldMatch): boolean {
  if (entry.kind === "opaque") return false;
  if (entry.mask === 0 || entry.mask === 0n) return true;
  return entry.kind === "big" && isWideRegister(entry.field);
}

function isWideRegister(field: BigField): boolean {
  return DOUBLE_REGISTERS.includes(field) || QUAD_REGISTERS.includes(field);
}

function rewritten(entry: FieldMatch): FieldMatch[] {
  if (entry.kind !== "big" || !isWideRegister(entry.field)) return [];
  const mask = entry.mask ?? bigMax(entry.field);
  const parts: FieldMatch[] = [];
  for (const { register, shift } of registersOf(entry.field)) {
    const partMask = Number((mask >> shift) & 0xffff_ffffn);
    if (partMask === 0) continue;
    parts.push(matchNumber(register, Number((entry.value >> shift) & 0xffff_ffffn), partMask));
  }
  return parts;
}

/** The 32-bit registers inside a wide one, and how far left each stands. */
export function registersOf(field: BigField): { readonly register: NumberField; readonly shift: bigint }[] {
  const isDouble = DOUBLE_REGISTERS.includes(field);
  const count = isDouble ? 2 : 4;
  const index = isDouble ? DOUBLE_REGISTERS.indexOf(field) : QUAD_REGISTERS.indexOf(field);
  return REGISTERS.slice(index * count, index * count + count).map((register, part) => ({
    register,
    shift: BigInt((count - 1 - part) * 32),
  }));
}

/** True if the match demands this EtherType. */
export function hasEthType(match: Match, ethType: number): boolean {
  return exactNumber(match, FIELD.eth_type) === ethType;
}

/** The field a match entry is about, or `undefined` for an opaque one. */
export function fieldOf(entry: FieldMatch): Field | undefined {
  return entry.kind === "opaque" ? undefined : entry.field;
}
