// Checks a JSON value against a structural schema, with the errors a CustomResourceDefinition with that schema gives.
import { parseTimestampMs } from "@coracle/base";
import {
  type FieldError,
  duplicate,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
  typeInvalid,
} from "./field-error.ts";
import { isJsonObject, type JsonObject, jsonEqual } from "./json.ts";
import type { StructuralSchema } from "./structural-schema.ts";

/** Errors beyond this many are not looked for. */
export const SCHEMA_ERRORS_MAX = 100;

/** All breaches of `schema` in `value`; `path` is the value's own place, empty for a whole object. */
export function validateSchema(schema: StructuralSchema, value: unknown, path: string): FieldError[] {
  const errors: FieldError[] = [];
  visit(schema, value, path, errors);
  return errors;
}

/** Only breaches of JSON types: what a statically typed server would fail to decode. */
export function validateTypes(schema: StructuralSchema, value: unknown, path: string): FieldError[] {
  return validateSchema(schema, value, path).filter((error) => error.reason === "FieldValueTypeInvalid");
}

function visit(schema: StructuralSchema, value: unknown, path: string, errors: FieldError[]): void {
  if (errors.length >= SCHEMA_ERRORS_MAX) return;
  // A time that is not set is written as null.
  if (value === null && (schema.nullable === true || schema.format === "date-time")) return;
  if (schema.intOrString === true) {
    if (typeof value === "string" || Number.isInteger(value)) return;
    if (schema.format === "quantity" && typeof value === "number") return;
    errors.push(wrongType(path, "integer,string", value));
    return;
  }
  if (schema.type !== undefined && !hasType(value, schema.type)) {
    errors.push(wrongType(path, schema.type, value));
    return;
  }
  if (typeof value === "string") visitString(schema, value, path, errors);
  else if (typeof value === "number") visitNumber(schema, value, path, errors);
  else if (Array.isArray(value)) visitArray(schema, value, path, errors);
  else if (isJsonObject(value)) visitObject(schema, value, path, errors);
  if (schema.enum !== undefined && !schema.enum.some((allowed) => jsonEqual(allowed, value))) {
    const allowed = schema.enum.map((item) => (typeof item === "string" ? item : JSON.stringify(item)));
    errors.push(notSupported(path, value, allowed));
  }
}

function visitString(schema: StructuralSchema, value: string, path: string, errors: FieldError[]): void {
  const length = schema.maxLength !== undefined || schema.minLength !== undefined ? codePoints(value) : 0;
  if (schema.maxLength !== undefined && length > schema.maxLength) {
    errors.push(tooLong(path, schema.maxLength));
    return;
  }
  if (schema.minLength !== undefined && length < schema.minLength) {
    errors.push(invalid(path, value, `${path} in body should be at least ${schema.minLength} chars long`));
    return;
  }
  if (schema.pattern !== undefined && !compile(schema.pattern).test(value)) {
    errors.push(invalid(path, value, `${path} in body should match '${schema.pattern}'`));
    return;
  }
  if (schema.format !== undefined && !hasFormat(value, schema.format)) {
    // Bytes may be secret: what is shown is never the value.
    if (schema.format === "byte") errors.push(typeInvalid(path, "string", `${path} in body must be of type byte`));
    else
      errors.push(
        typeInvalid(path, value, `${path} in body must be of type ${schema.format}: ${JSON.stringify(value)}`),
      );
  }
}

function visitNumber(schema: StructuralSchema, value: number, path: string, errors: FieldError[]): void {
  if (schema.maximum !== undefined && value > schema.maximum) {
    errors.push(invalid(path, value, `${path} in body should be less than or equal to ${schema.maximum}`));
  }
  if (schema.minimum !== undefined && value < schema.minimum) {
    errors.push(invalid(path, value, `${path} in body should be greater than or equal to ${schema.minimum}`));
  }
  if (schema.multipleOf !== undefined && value % schema.multipleOf !== 0) {
    errors.push(invalid(path, value, `${path} in body should be a multiple of ${schema.multipleOf}`));
  }
}

function visitArray(schema: StructuralSchema, value: readonly unknown[], path: string, errors: FieldError[]): void {
  if (schema.maxItems !== undefined && value.length > schema.maxItems) {
    errors.push(tooMany(path, value.length, schema.maxItems));
    return;
  }
  if (schema.minItems !== undefined && value.length < schema.minItems) {
    errors.push(invalid(path, value.length, `${path} in body should have at least ${schema.minItems} items`));
  }
  const items = schema.items;
  if (items !== undefined) for (const [index, item] of value.entries()) visit(items, item, `${path}[${index}]`, errors);
  if (schema.listType === "set") visitUnique(value, path, errors);
  if (schema.listType === "map")
    visitUnique(
      value.map((item) => keysOf(item, schema)),
      path,
      errors,
    );
}

function visitObject(schema: StructuralSchema, value: JsonObject, path: string, errors: FieldError[]): void {
  const at = (key: string): string => (path === "" ? key : `${path}.${key}`);
  const count =
    schema.maxProperties === undefined && schema.minProperties === undefined ? 0 : Object.keys(value).length;
  if (schema.maxProperties !== undefined && count > schema.maxProperties) {
    errors.push(tooMany(path, count, schema.maxProperties));
    return;
  }
  if (schema.minProperties !== undefined && count < schema.minProperties) {
    errors.push(invalid(path, count, `${path} in body should have at least ${schema.minProperties} properties`));
  }
  const { properties, additionalProperties } = schema;
  for (const key in value) {
    const item = value[key];
    const child = properties?.[key] ?? additionalProperties;
    if (child !== undefined && item !== undefined) visit(child, item, at(key), errors);
  }
  for (const key of schema.required ?? []) if (value[key] === undefined) errors.push(required(at(key)));
}

/** Reports every item that equals an earlier one; found by text, so linear. */
function visitUnique(items: readonly unknown[], path: string, errors: FieldError[]): void {
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    const text = JSON.stringify(item) ?? "";
    if (seen.has(text)) errors.push(duplicate(`${path}[${index}]`, item));
    seen.add(text);
  }
}

function keysOf(item: unknown, schema: StructuralSchema): JsonObject {
  const keys = [...(schema.listMapKeys ?? [])].sort();
  const properties = schema.items?.properties;
  return Object.fromEntries(
    keys.map((key) => [key, (isJsonObject(item) ? item[key] : undefined) ?? properties?.[key]?.default]),
  );
}

function hasType(value: unknown, type: StructuralSchema["type"]): boolean {
  switch (type) {
    case "object":
      return isJsonObject(value);
    case "array":
      return Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    case "string":
    case "number":
    case "boolean":
      return typeof value === type;
    default:
      return true;
  }
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function wrongType(path: string, wanted: string, value: unknown): FieldError {
  const found = typeName(value);
  const place = path === "" ? "" : `${path} in body `;
  return typeInvalid(
    path === "" ? "<nil>" : path,
    found,
    `${place}must be of type ${wanted}: ${JSON.stringify(found)}`,
  );
}

function hasFormat(value: string, format: string): boolean {
  switch (format) {
    case "date-time":
      return parseTimestampMs(value) !== undefined;
    case "byte":
      return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value);
    default:
      return true;
  }
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

const compiled = new Map<string, RegExp>();

/** Patterns come from our own schemas, so the cache is as small as they are. */
function compile(pattern: string): RegExp {
  let expression = compiled.get(pattern);
  if (expression === undefined) compiled.set(pattern, (expression = new RegExp(pattern, "u")));
  return expression;
}
