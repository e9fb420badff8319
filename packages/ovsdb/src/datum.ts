// What a column of a known type holds, always as a set or a map: defaults, reading, and the differences of update2.
import { err, ok, type Result } from "@coracle/base";
import type { Json } from "./json.ts";
import type { AtomType, ColumnType } from "./schema.ts";
import { type Atom, atomKey, decodeValue, type Value, type ValueError } from "./value.ts";

/** A column's content by atom key; a set's entries have no value. Scalars are sets of one. */
export interface Datum {
  readonly isMap: boolean;
  readonly entries: ReadonlyMap<string, readonly [key: Atom, value: Atom | undefined]>;
}

const ZERO_UUID = "00000000-0000-0000-0000-000000000000";

/** What a column holds if a row does not say (RFC 7047 §5.2.1). */
export function defaultDatum(type: ColumnType): Datum {
  const isMap = type.value !== undefined;
  if (type.min === 0 || isMap) return { isMap, entries: new Map() };
  const atom = defaultAtom(type.key);
  return { isMap, entries: new Map([[atomKey(atom), [atom, undefined]]]) };
}

function defaultAtom(type: AtomType): Atom {
  if (type === "uuid") return { kind: "uuid", uuid: ZERO_UUID };
  if (type === "string") return "";
  return type === "boolean" ? false : 0;
}

/** Reads a column's JSON. */
export function decodeDatum(json: Json | undefined, type: ColumnType): Result<Datum, ValueError> {
  const value = decodeValue(json);
  if (!value.ok) return value;
  const pairs = pairsOf(value.value);
  const entries = new Map<string, readonly [Atom, Atom | undefined]>();
  for (const [key, item] of pairs) {
    const isFit = hasType(key, type.key) && (type.value === undefined ? item === undefined : hasType(item, type.value));
    if (!isFit)
      return err({
        code: "BAD_VALUE",
        message: `Cannot read ${JSON.stringify(json).slice(0, 80)} as ${typeText(type)}`,
      });
    entries.set(atomKey(key), [key, item]);
  }
  return ok({ isMap: type.value !== undefined, entries });
}

/** True if a datum has as many entries as its type allows. */
export function hasFittingSize(datum: Datum, type: ColumnType): boolean {
  return datum.entries.size >= (type.value === undefined ? type.min : 0) && datum.entries.size <= type.max;
}

function pairsOf(value: Value): readonly (readonly [Atom, Atom | undefined])[] {
  if (typeof value !== "object" || value.kind === "uuid" || value.kind === "named-uuid") return [[value, undefined]];
  return value.kind === "map" ? value.entries : value.atoms.map((atom) => [atom, undefined] as const);
}

function hasType(atom: Atom | undefined, type: AtomType): boolean {
  switch (type) {
    case "string":
    case "boolean":
      return typeof atom === type;
    case "integer":
      return Number.isInteger(atom);
    case "real":
      return typeof atom === "number";
    case "uuid":
      return typeof atom === "object" && atom.kind === "uuid";
  }
}

function typeText(type: ColumnType): string {
  const count = type.min === 1 && type.max === 1 ? "" : ` (${type.min} to ${type.max})`;
  return `${type.value === undefined ? type.key : `map of ${type.key} to ${type.value}`}${count}`;
}

/** Applies update2's `modify` (ovsdb-server(7) §4.1.14): scalars are replaced, sets and maps carry what differs. */
export function applyDatumDiff(old: Datum, diff: Datum, type: ColumnType): Datum {
  if (type.value === undefined && type.max === 1) return diff;
  const entries = new Map(old.entries);
  for (const [key, pair] of diff.entries) {
    const known = entries.get(key);
    const isSame = known !== undefined && sameValue(known[1], pair[1]);
    if (isSame) entries.delete(key);
    else entries.set(key, pair);
  }
  return { isMap: old.isMap, entries };
}

/** True if both hold the same. */
export function sameDatum(a: Datum, b: Datum): boolean {
  if (a.entries.size !== b.entries.size) return false;
  for (const [key, pair] of a.entries) {
    const other = b.entries.get(key);
    if (other === undefined || !sameValue(pair[1], other[1])) return false;
  }
  return true;
}

function sameValue(a: Atom | undefined, b: Atom | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return atomKey(a) === atomKey(b);
}
