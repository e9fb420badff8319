// OVSDB values (RFC 7047 §5.1): atoms, sets and maps, with UUIDs told apart by their tag and never by their looks.
import { ok, err, type Result } from "@coracle/base";
import { isJsonArray, type Json } from "./json.ts";

/** A reference to a row that exists. */
export interface Uuid {
  readonly kind: "uuid";
  readonly uuid: string;
}

/** A reference to a row that the same transaction inserts. */
export interface NamedUuid {
  readonly kind: "named-uuid";
  readonly name: string;
}

/** A scalar. Integers are safe to 2^53; larger ones lose their low bits, as JSON parsing does. */
export type Atom = string | number | boolean | Uuid | NamedUuid;

/** Several atoms of one type, none twice. */
export interface OvsSet {
  readonly kind: "set";
  readonly atoms: readonly Atom[];
}

/** Pairs of atoms, no key twice. */
export interface OvsMap {
  readonly kind: "map";
  readonly entries: readonly (readonly [key: Atom, value: Atom])[];
}

/** What a column holds. A set of one may be written as the atom alone. */
export type Value = Atom | OvsSet | OvsMap;

/** Why JSON is no OVSDB value. */
export interface ValueError {
  readonly code: "BAD_VALUE";
  readonly message: string;
}

/** Refers to a row. */
export function uuid(text: string): Uuid {
  return { kind: "uuid", uuid: text };
}

/** Refers to a row that the same transaction inserts under this name. */
export function namedUuid(name: string): NamedUuid {
  return { kind: "named-uuid", name };
}

/** A set. */
export function ovsSet(atoms: readonly Atom[]): OvsSet {
  return { kind: "set", atoms };
}

/** A map of strings. */
export function stringMap(entries: Readonly<Record<string, string>>): OvsMap {
  return { kind: "map", entries: Object.entries(entries) };
}

/** To JSON. */
export function encodeValue(value: Value): Json {
  if (typeof value !== "object") return value;
  switch (value.kind) {
    case "uuid":
      return ["uuid", value.uuid];
    case "named-uuid":
      return ["named-uuid", value.name];
    case "set":
      return ["set", value.atoms.map(encodeValue)];
    case "map":
      return ["map", value.entries.map(([key, item]) => [encodeValue(key), encodeValue(item)])];
  }
}

/** From JSON. */
export function decodeValue(json: Json | undefined): Result<Value, ValueError> {
  if (!isJsonArray(json)) return decodeAtom(json);
  const [tag, body, ...more] = json;
  if (more.length > 0) return bad(json);
  if (tag === "set" && isJsonArray(body)) {
    const atoms: Atom[] = [];
    for (const item of body) {
      const atom = decodeAtom(item);
      if (!atom.ok) return atom;
      atoms.push(atom.value);
    }
    return ok({ kind: "set", atoms });
  }
  return tag === "map" && isJsonArray(body) ? decodeMap(body) : decodeAtom(json);
}

function decodeMap(pairs: readonly Json[]): Result<Value, ValueError> {
  const entries: (readonly [Atom, Atom])[] = [];
  for (const pair of pairs) {
    if (!isJsonArray(pair) || pair.length !== 2) return bad(pair);
    const key = decodeAtom(pair[0]);
    const value = decodeAtom(pair[1]);
    if (!key.ok) return key;
    if (!value.ok) return value;
    entries.push([key.value, value.value]);
  }
  return ok({ kind: "map", entries });
}

function decodeAtom(json: Json | undefined): Result<Atom, ValueError> {
  if (typeof json === "string" || typeof json === "number" || typeof json === "boolean") return ok(json);
  if (!isJsonArray(json) || json.length !== 2) return bad(json);
  const [tag, text] = json;
  if (typeof text !== "string") return bad(json);
  if (tag === "uuid") return ok(uuid(text));
  return tag === "named-uuid" ? ok(namedUuid(text)) : bad(json);
}

function bad(json: Json | undefined): Result<never, ValueError> {
  const shown = JSON.stringify(json ?? null).slice(0, 80);
  return err({ code: "BAD_VALUE", message: `Cannot read ${shown} as an OVSDB value` });
}

/** Text that is equal exactly for equal atoms. */
export function atomKey(atom: Atom): string {
  if (typeof atom === "object") return atom.kind === "uuid" ? `u${atom.uuid}` : `n${atom.name}`;
  return typeof atom === "string" ? `s${atom}` : String(atom);
}
