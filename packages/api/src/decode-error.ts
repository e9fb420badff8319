// What a statically typed server says about a body it cannot decode: the first value of a wrong type, in the words of Go.
import { parseTimestampMs } from "@coracle/base";
import { isJsonObject } from "./json.ts";
import type { StructuralSchema } from "./structural-schema.ts";

const QUANTITY = String.raw`^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$`;

/** Where a value stands: the struct that has the field, and the names that lead to it (list items have none). */
interface Place {
  readonly struct: string;
  readonly path: readonly string[];
}

/**
 * The first misfit of `object` in the order of its members, for example
 * `json: cannot unmarshal number into Go struct field ConfigMap.data of type string`; `undefined` if it decodes.
 * No message holds a text of the object, except a time.
 */
export function findDecodeError(schema: StructuralSchema, object: unknown): string | undefined {
  return visit(schema, object, { struct: structName(schema), path: [] });
}

function visit(schema: StructuralSchema, value: unknown, place: Place): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (schema.intOrString === true) return visitIntOrString(schema, value);
  if (!fits(schema, value)) {
    const field = [place.struct, ...place.path].join(".");
    return `json: cannot unmarshal ${goWord(schema, value)} into Go struct field ${field} of type ${goType(schema)}`;
  }
  if (typeof value === "string") return visitText(schema, value);
  if (Array.isArray(value)) return visitItems(schema, value, place);
  return isJsonObject(value) ? visitMembers(schema, value, place) : undefined;
}

function visitItems(schema: StructuralSchema, items: readonly unknown[], place: Place): string | undefined {
  if (schema.items === undefined) return undefined;
  for (const item of items) {
    const found = visit(schema.items, item, place);
    if (found !== undefined) return found;
  }
  return undefined;
}

function visitMembers(
  schema: StructuralSchema,
  value: { readonly [key: string]: unknown },
  place: Place,
): string | undefined {
  const struct = schema.definitionName === undefined ? place.struct : structName(schema);
  for (const key in value) {
    const property = schema.properties?.[key];
    const child = property ?? schema.additionalProperties;
    if (child === undefined) continue;
    const path = property === undefined ? place.path : [...place.path, key];
    const found = visit(child, value[key], { struct, path });
    if (found !== undefined) return found;
  }
  return undefined;
}

function visitIntOrString(schema: StructuralSchema, value: unknown): string | undefined {
  if (schema.format === "quantity") {
    const isQuantity =
      typeof value === "number" || (typeof value === "string" && /^[+-]?[0-9.]+[a-zA-Z0-9+-]*$/.test(value));
    return isQuantity ? undefined : `quantities must match the regular expression '${QUANTITY}'`;
  }
  if (typeof value === "string" || Number.isInteger(value)) return undefined;
  return `json: cannot unmarshal ${goWord(schema, value)} into Go value of type int32`;
}

function visitText(schema: StructuralSchema, text: string): string | undefined {
  if (schema.format === "byte") {
    const wrong = firstBadBase64(text);
    return wrong === undefined ? undefined : `illegal base64 data at input byte ${wrong}`;
  }
  if (schema.format === "date-time" && parseTimestampMs(text) === undefined) {
    const shown = JSON.stringify(text.slice(0, 64));
    return `parsing time ${shown} as "2006-01-02T15:04:05Z07:00": cannot parse ${shown} as "2006"`;
  }
  return undefined;
}

/** Index of the first character that breaks standard base64 with padding. */
function firstBadBase64(text: string): number | undefined {
  const whole = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?/.exec(text)?.[0].length ?? 0;
  if (whole === text.length) return undefined;
  return whole + (/^[A-Za-z0-9+/]*/.exec(text.slice(whole))?.[0].length ?? 0);
}

function fits(schema: StructuralSchema, value: unknown): boolean {
  switch (schema.type) {
    case "object":
      return isJsonObject(value);
    case "array":
      return Array.isArray(value);
    case "integer":
      return Number.isInteger(value) && isInRange(schema, Number(value));
    case "string":
    case "number":
    case "boolean":
      return typeof value === schema.type;
    default:
      return true;
  }
}

function isInRange(schema: StructuralSchema, value: number): boolean {
  return schema.format !== "int32" || (value >= -2_147_483_648 && value <= 2_147_483_647);
}

/** Numbers that are no integers, or too large, are shown, as Go does. */
function goWord(schema: StructuralSchema, value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number" && schema.type === "integer") return `number ${value}`;
  return typeof value;
}

function goType(schema: StructuralSchema): string {
  if (schema.definitionName !== undefined) return `v1.${structName(schema)}`;
  switch (schema.type) {
    case "boolean":
      return "bool";
    case "integer":
      return schema.format ?? "int64";
    case "number":
      return "float64";
    case "array":
      return `[]${schema.items === undefined ? "interface {}" : goType(schema.items)}`;
    case "object":
      return schema.additionalProperties === undefined
        ? "v1.Object"
        : `map[string]${goType(schema.additionalProperties)}`;
    case "string":
      return schema.format === "byte" ? "[]uint8" : "string";
    default:
      return "interface {}";
  }
}

function structName(schema: StructuralSchema): string {
  return schema.definitionName?.split(".").at(-1) ?? "Object";
}
