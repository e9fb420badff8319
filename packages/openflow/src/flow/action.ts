// What a flow does: the actions and instructions of our pipelines, in the flat order in which ovs-ofctl writes them.
import { assert } from "@coracle/base";
import type { BigField, Field, NumberField } from "./field.ts";
import { andNumber, bigMax, numberMax } from "./match.ts";
import type { OfPort } from "../wire/of-port.ts";

/** Some bits of a field: `sizeBits` of them from bit `offset`, bit 0 being the lowest. */
export interface Subfield {
  readonly field: Field;
  readonly offset: number;
  readonly sizeBits: number;
}

/** Writes a value into a field, or into the bits of `mask`. */
export type SetField =
  | {
      readonly kind: "set-field";
      readonly size: "number";
      readonly field: NumberField;
      readonly value: number;
      readonly mask?: number;
    }
  | {
      readonly kind: "set-field";
      readonly size: "big";
      readonly field: BigField;
      readonly value: bigint;
      readonly mask?: bigint;
    };

/** Sends the packet through connection tracking (Open vSwitch ovs-actions(7), `ct`). */
export interface ConntrackAction {
  readonly kind: "ct";
  readonly commit: boolean;
  readonly force: boolean;
  /** A zone number, or where to read it; zone 0 without one. */
  readonly zone?: number | Subfield;
  /** The table in which a copy of the packet goes on with its state known. */
  readonly table?: number;
  /** Done on the connection: `nat`, and what stands in `exec(…)`. */
  readonly actions: readonly Action[];
}

/**
 * One action or instruction. `meter` stands first, `write-metadata` and `goto-table` last, as instructions are ordered;
 * all others are applied in order. No action at all drops the packet.
 */
export type Action =
  | { readonly kind: "output"; readonly port: OfPort }
  | { readonly kind: "controller"; readonly sizeBytesMax: number }
  | { readonly kind: "resubmit"; readonly port?: OfPort; readonly table?: number }
  | SetField
  | { readonly kind: "load"; readonly into: Subfield; readonly value: bigint }
  | { readonly kind: "move"; readonly from: Subfield; readonly into: Subfield }
  | ConntrackAction
  | { readonly kind: "nat" }
  | { readonly kind: "group"; readonly group: number }
  | { readonly kind: "dec-ttl" }
  | { readonly kind: "meter"; readonly meter: number }
  | { readonly kind: "write-metadata"; readonly value: bigint; readonly mask?: bigint }
  | { readonly kind: "goto-table"; readonly table: number }
  | OpaqueAction;

/** An action or instruction of no pipeline of ours, kept as it came, header included. */
export interface OpaqueAction {
  readonly kind: "opaque-action" | "opaque-instruction";
  readonly bytes: Uint8Array;
}

/** All bits of a field. */
export function wholeField(field: Field): Subfield {
  return { field, offset: 0, sizeBits: field.sizeBits };
}

/** True if the subfield is all of its field. */
export function isWhole(subfield: Subfield): boolean {
  return subfield.offset === 0 && subfield.sizeBits === subfield.field.sizeBits;
}

/** Writes a field of at most 48 bits. Bits of the value outside the mask are dropped, as a switch would refuse them. */
export function setNumber(field: NumberField, value: number, mask?: number): SetField {
  if (mask === undefined || mask === numberMax(field)) return { kind: "set-field", size: "number", field, value };
  return { kind: "set-field", size: "number", field, value: andNumber(value, mask), mask };
}

/** Writes a field of 64 or 128 bits. Bits of the value outside the mask are dropped. */
export function setBig(field: BigField, value: bigint, mask?: bigint): SetField {
  if (mask === undefined || mask === bigMax(field)) return { kind: "set-field", size: "big", field, value };
  return { kind: "set-field", size: "big", field, value: value & mask, mask };
}

/** The `set-field` that does what a `load` does. */
export function loadAsSetField(into: Subfield, value: bigint): SetField {
  const { field, offset, sizeBits } = into;
  const shifted = value << BigInt(offset);
  const mask = ((1n << BigInt(sizeBits)) - 1n) << BigInt(offset);
  assert((shifted & ~mask) === 0n, `Cannot load ${value} into ${sizeBits} bits of ${field.name}`);
  if (field.kind === "number") return setNumber(field, Number(shifted), isWhole(into) ? undefined : Number(mask));
  return setBig(field, shifted, isWhole(into) ? undefined : mask);
}
