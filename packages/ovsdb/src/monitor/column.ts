// Typed columns: what a program expects of a column, checked against the schema once and read without guessing.
import { assert } from "@coracle/base";
import type { Datum } from "../datum.ts";
import type { AtomType, ColumnType } from "../schema.ts";
import type { Atom } from "../value.ts";

/** A column that a program reads as `T`. */
export interface Column<T> {
  /** What the schema must say, for people. */
  readonly expects: string;
  /** True if the schema's type reads as `T`. */
  readonly fits: (type: ColumnType) => boolean;
  readonly read: (datum: Datum) => T;
}

/** Columns of a table by name. */
export type Columns = Readonly<Record<string, Column<unknown>>>;

/** A row as a program reads it. */
export type RowOf<C extends Columns> = { readonly _uuid: string } & {
  readonly [Name in keyof C]: C[Name] extends Column<infer T> ? T : never;
};

function scalar<T>(key: AtomType, as: (atom: Atom) => T): Column<T> {
  return {
    expects: `one ${key}`,
    fits: (type) => type.key === key && type.value === undefined && type.min === 1 && type.max === 1,
    read: (datum) => {
      for (const [atom] of datum.entries.values()) return as(atom);
      return assert(false, `Cannot read an empty column as one ${key}`) as never;
    },
  };
}

function optional<T>(key: AtomType, as: (atom: Atom) => T): Column<T | undefined> {
  return {
    expects: `at most one ${key}`,
    fits: (type) => type.key === key && type.value === undefined && type.max === 1,
    read: (datum) => {
      for (const [atom] of datum.entries.values()) return as(atom);
      return undefined;
    },
  };
}

function several<T>(key: AtomType, as: (atom: Atom) => T): Column<readonly T[]> {
  return {
    expects: `a set of ${key}`,
    fits: (type) => type.key === key && type.value === undefined,
    read: (datum) => Array.from(datum.entries.values(), ([atom]) => as(atom)),
  };
}

const asString = (atom: Atom): string => (typeof atom === "string" ? atom : "");
const asNumber = (atom: Atom): number => (typeof atom === "number" ? atom : 0);
const asBoolean = (atom: Atom): boolean => atom === true;
const asUuid = (atom: Atom): string => (typeof atom === "object" && atom.kind === "uuid" ? atom.uuid : "");

/** Every kind of column there is a reader for. UUIDs read as their text. */
export const column: {
  readonly string: Column<string>;
  readonly integer: Column<number>;
  readonly boolean: Column<boolean>;
  readonly uuid: Column<string>;
  readonly optionalString: Column<string | undefined>;
  readonly optionalInteger: Column<number | undefined>;
  readonly optionalBoolean: Column<boolean | undefined>;
  readonly optionalUuid: Column<string | undefined>;
  readonly strings: Column<readonly string[]>;
  readonly integers: Column<readonly number[]>;
  readonly uuids: Column<readonly string[]>;
  readonly stringMap: Column<ReadonlyMap<string, string>>;
} = {
  string: scalar("string", asString),
  integer: scalar("integer", asNumber),
  boolean: scalar("boolean", asBoolean),
  uuid: scalar("uuid", asUuid),
  optionalString: optional("string", asString),
  optionalInteger: optional("integer", asNumber),
  optionalBoolean: optional("boolean", asBoolean),
  optionalUuid: optional("uuid", asUuid),
  strings: several("string", asString),
  integers: several("integer", asNumber),
  uuids: several("uuid", asUuid),
  stringMap: {
    expects: "a map of string to string",
    fits: (type) => type.key === "string" && type.value === "string",
    read: (datum) =>
      new Map(Array.from(datum.entries.values(), ([key, value]) => [asString(key), asString(value ?? "")] as const)),
  },
};

/** A table to monitor, with the columns of interest. */
export interface MonitoredTable<C extends Columns = Columns> {
  readonly name: string;
  readonly columns: C;
}

/** Names a table and its columns. */
export function monitoredTable<const C extends Columns>(name: string, columns: C): MonitoredTable<C> {
  return { name, columns };
}
