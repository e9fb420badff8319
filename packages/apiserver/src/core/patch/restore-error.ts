// What a strategic merge patch may leave behind that fits no field: in the words of the converter that reads it back
// (apimachinery runtime.DefaultUnstructuredConverter).
import { isJsonObject } from "@coracle/api";
import type { StructuralSchema } from "@coracle/api";

/** First value whose JSON type its field does not take, for example "cannot restore map from slice"; undefined when all fit. */
export function findRestoreError(schema: StructuralSchema, value: unknown): string | undefined {
  if (value === null || value === undefined || schema.type === undefined) return undefined;
  switch (schema.type) {
    case "object":
      return isJsonObject(value) ? inMembers(schema, value) : restoreText(schema, value);
    case "array":
      return Array.isArray(value) ? inItems(schema, value) : `cannot restore slice from ${goKindOf(value)}`;
    case "integer":
      return Number.isInteger(value) ? undefined : convertText(value, "int64");
    case "number":
      return typeof value === "number" ? undefined : convertText(value, "float64");
    case "boolean":
      return typeof value === "boolean" ? undefined : convertText(value, "bool");
    case "string":
      return typeof value === "string" ? undefined : convertText(value, "string");
  }
}

function inMembers(schema: StructuralSchema, value: { readonly [name: string]: unknown }): string | undefined {
  for (const [name, member] of Object.entries(value)) {
    const { properties, additionalProperties } = schema;
    const child = properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    const found = child === undefined ? undefined : findRestoreError(child, member);
    if (found !== undefined) return found;
  }
  return undefined;
}

function inItems(schema: StructuralSchema, value: readonly unknown[]): string | undefined {
  const { items } = schema;
  if (items === undefined) return undefined;
  for (const item of value) {
    const found = findRestoreError(items, item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function restoreText(schema: StructuralSchema, value: unknown): string {
  const isStruct = schema.properties !== undefined;
  return isStruct ? `cannot restore struct from: ${goKindOf(value)}` : `cannot restore map from ${goKindOf(value)}`;
}

function convertText(value: unknown, goType: string): string {
  const from = isJsonObject(value)
    ? "map[string]interface {}"
    : Array.isArray(value)
      ? "[]interface {}"
      : goKindOf(value);
  return `cannot convert ${from} to ${goType}`;
}

function goKindOf(value: unknown): string {
  if (Array.isArray(value)) return "slice";
  if (isJsonObject(value)) return "map";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  return typeof value === "boolean" ? "bool" : "string";
}
