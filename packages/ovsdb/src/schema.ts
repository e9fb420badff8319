// The parts of a database schema (RFC 7047 §3.2) that reading rows needs: how many of what a column holds.
import { err, ok, type Result } from "@coracle/base";
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "./json.ts";

/** Type of an atom. */
export type AtomType = "integer" | "real" | "boolean" | "string" | "uuid";

/** Type of a column. `max` 1 without `value` is a scalar or an optional scalar. */
export interface ColumnType {
  readonly key: AtomType;
  /** Present for maps. */
  readonly value?: AtomType;
  readonly min: number;
  readonly max: number;
}

/** Columns of a table by name. */
export type TableSchema = ReadonlyMap<string, ColumnType>;

/** A database's tables by name. */
export interface DatabaseSchema {
  readonly name: string;
  readonly version: string;
  readonly tables: ReadonlyMap<string, TableSchema>;
}

/** Why JSON is no schema, or a schema lacks what is needed. */
export interface SchemaError {
  readonly code: "BAD_SCHEMA";
  readonly message: string;
}

/** A failed look at a schema. */
export function schemaError(message: string): Result<never, SchemaError> {
  return err({ code: "BAD_SCHEMA", message });
}

/** Reads the answer to `get_schema`. */
export function parseSchema(json: Json | undefined): Result<DatabaseSchema, SchemaError> {
  if (!isJsonObject(json) || !isJsonObject(json["tables"]) || typeof json["name"] !== "string") {
    return schemaError("Cannot read a schema: it has no name or no tables");
  }
  const tables = new Map<string, TableSchema>();
  for (const [name, table] of Object.entries(json["tables"])) {
    const columns = isJsonObject(table) ? table["columns"] : undefined;
    if (!isJsonObject(columns)) return schemaError(`Cannot read a schema: table ${name} has no columns`);
    const types = parseColumns(columns);
    if (types === undefined) return schemaError(`Cannot read a schema: a column of table ${name} has no known type`);
    tables.set(name, types);
  }
  const version = typeof json["version"] === "string" ? json["version"] : "";
  return ok({ name: json["name"], version, tables });
}

function parseColumns(columns: JsonObject): TableSchema | undefined {
  const types = new Map<string, ColumnType>();
  for (const [name, column] of Object.entries(columns)) {
    const type = isJsonObject(column) ? parseColumnType(column["type"]) : undefined;
    if (type === undefined) return undefined;
    types.set(name, type);
  }
  return types;
}

function parseColumnType(json: Json | undefined): ColumnType | undefined {
  if (!isJsonObject(json)) return isAtomType(json) ? { key: json, min: 1, max: 1 } : undefined;
  const key = parseBaseType(json["key"]);
  const value = json["value"] === undefined ? undefined : parseBaseType(json["value"]);
  if (key === undefined || (json["value"] !== undefined && value === undefined)) return undefined;
  const min = typeof json["min"] === "number" ? json["min"] : 1;
  const max =
    typeof json["max"] === "number" ? json["max"] : json["max"] === "unlimited" ? Number.POSITIVE_INFINITY : 1;
  return { key, ...(value === undefined ? {} : { value }), min, max };
}

function parseBaseType(json: Json | undefined): AtomType | undefined {
  const type = isJsonObject(json) ? json["type"] : json;
  return isAtomType(type) ? type : undefined;
}

function isAtomType(json: Json | undefined): json is AtomType {
  return !isJsonArray(json) && ["integer", "real", "boolean", "string", "uuid"].some((type) => type === json);
}
