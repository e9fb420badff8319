// Operations of a transaction (RFC 7047 §5.2) and a builder for them.
import type { Json, JsonObject } from "./json.ts";
import { encodeValue, type NamedUuid, namedUuid, type Uuid, type Value } from "./value.ts";

/** Columns with what to write or compare. */
export type RowValues = Readonly<Record<string, Value>>;

/** A condition on a column (RFC 7047 §5.1). All of a list must hold; an empty list takes every row. */
export type Condition = readonly [
  column: string,
  test: "==" | "!=" | "<" | "<=" | ">" | ">=" | "includes" | "excludes",
  value: Value,
];

/** A change of a column in place. `insert` and `delete` are for sets and maps. */
export type Mutation = readonly [
  column: string,
  mutator: "+=" | "-=" | "*=" | "/=" | "%=" | "insert" | "delete",
  value: Value,
];

/** The condition that takes one row. */
export function rowIs(row: Uuid): readonly Condition[] {
  return [["_uuid", "==", row]];
}

/** Collects operations, which take effect together or not at all. */
export class Transaction {
  readonly #operations: JsonObject[] = [];
  #nextName = 1;

  /** The operations so far, as JSON. */
  get operations(): readonly JsonObject[] {
    return this.#operations;
  }

  /** Makes a row; refer to it in this transaction by what is returned. */
  insert(table: string, row: RowValues): NamedUuid {
    const name = namedUuid(`row${this.#nextName++}`);
    this.#operations.push({ op: "insert", table, row: encodeRow(row), "uuid-name": name.name });
    return name;
  }

  /** Reads rows; all columns without a list. */
  select(table: string, where: readonly Condition[], columns?: readonly string[]): this {
    return this.#add({
      op: "select",
      table,
      where: encodeTriples(where),
      ...(columns === undefined ? {} : { columns }),
    });
  }

  /** Overwrites columns. */
  update(table: string, where: readonly Condition[], row: RowValues): this {
    return this.#add({ op: "update", table, where: encodeTriples(where), row: encodeRow(row) });
  }

  /** Changes columns in place. */
  mutate(table: string, where: readonly Condition[], mutations: readonly Mutation[]): this {
    return this.#add({ op: "mutate", table, where: encodeTriples(where), mutations: encodeTriples(mutations) });
  }

  /** Deletes rows. */
  delete(table: string, where: readonly Condition[]): this {
    return this.#add({ op: "delete", table, where: encodeTriples(where) });
  }

  /** Demands that the rows' columns equal (or differ from) these, or the transaction fails at once. */
  wait(expectation: {
    readonly table: string;
    readonly where: readonly Condition[];
    readonly until: "==" | "!=";
    readonly rows: readonly RowValues[];
  }): this {
    const { table, where, until, rows } = expectation;
    const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    const wanted = rows.map(encodeRow);
    return this.#add({ op: "wait", timeout: 0, table, where: encodeTriples(where), columns, until, rows: wanted });
  }

  /** Demands that this connection owns a lock. */
  assertLock(lock: string): this {
    return this.#add({ op: "assert", lock });
  }

  /** A note in the database's log. */
  comment(comment: string): this {
    return this.#add({ op: "comment", comment });
  }

  #add(operation: JsonObject): this {
    this.#operations.push(operation);
    return this;
  }
}

function encodeRow(row: RowValues): JsonObject {
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, encodeValue(value)]));
}

function encodeTriples(triples: readonly (readonly [string, string, Value])[]): Json {
  return triples.map(([column, word, value]) => [column, word, encodeValue(value)]);
}
