// Turns a zod schema into a structural schema: one source for parsing at the edges and for what the server publishes.
import { assert } from "@coracle/base";
import { z } from "zod";
import { isJsonObject, type JsonObject } from "./json.ts";
import type { SchemaType, StructuralSchema } from "./structural-schema.ts";

/**
 * Members of `.meta({...})` that pass into the structural schema as they are. For anything else zod's own JSON Schema is read.
 */
export type StructuralMeta = Pick<
  StructuralSchema,
  | "listType"
  | "listMapKeys"
  | "mapType"
  | "patchStrategy"
  | "patchMergeKey"
  | "definitionName"
  | "intOrString"
  | "preserveUnknownFields"
  | "format"
>;

const PASSED: readonly (keyof StructuralSchema)[] = [
  "description",
  "default",
  "enum",
  "minimum",
  "maximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "pattern",
  "minProperties",
  "maxProperties",
  "minItems",
  "maxItems",
  "format",
  "listType",
  "listMapKeys",
  "mapType",
  "patchStrategy",
  "patchMergeKey",
  "definitionName",
  "intOrString",
  "preserveUnknownFields",
];

const TYPES: readonly string[] = ["object", "array", "string", "integer", "number", "boolean"];

/** The structural form of `schema`. Asserts on what has no such form (unions other than nullable, tuples, recursion). */
export function toStructuralSchema(schema: z.ZodType): StructuralSchema {
  return convert(
    z.toJSONSchema(schema, { io: "input", unrepresentable: "throw", cycles: "throw", reused: "inline" }),
    "$",
  );
}

function convert(source: unknown, path: string): StructuralSchema {
  assert(isJsonObject(source), `Cannot convert the schema at ${path} as it is not an object`);
  const alternatives = source["anyOf"];
  if (Array.isArray(alternatives)) return convertNullable(source, alternatives, path);
  const node: { [key: string]: unknown } = {};
  const type = source["type"];
  if (type === undefined) node["preserveUnknownFields"] = true;
  else {
    assert(
      typeof type === "string" && TYPES.includes(type),
      `Cannot convert the type at ${path}: ${JSON.stringify(type)}`,
    );
    node["type"] = type as SchemaType;
  }
  for (const key of PASSED) if (source[key] !== undefined) node[key] = source[key];
  if (type === "object") convertObject(source, node, path);
  if (type === "array") node["items"] = convert(source["items"], `${path}[]`);
  return node as StructuralSchema;
}

function convertObject(source: JsonObject, node: { [key: string]: unknown }, path: string): void {
  const properties = source["properties"];
  const names = isJsonObject(properties) ? Object.entries(properties) : [];
  if (names.length > 0) {
    node["properties"] = Object.fromEntries(names.map(([name, child]) => [name, convert(child, `${path}.${name}`)]));
  }
  const { required, additionalProperties } = source;
  if (Array.isArray(required) && required.length > 0) node["required"] = required;
  if (!isJsonObject(additionalProperties)) return;
  if (Object.keys(additionalProperties).length === 0) node["preserveUnknownFields"] = true;
  else node["additionalProperties"] = convert(additionalProperties, `${path}.*`);
}

/** zod writes `X | null` as anyOf; other unions have no structural form. */
function convertNullable(source: JsonObject, alternatives: readonly unknown[], path: string): StructuralSchema {
  const others = alternatives.filter((item) => !isJsonObject(item) || item["type"] !== "null");
  assert(
    others.length === 1 && alternatives.length === 2,
    `Cannot convert the union at ${path}: only X | null has a structural form`,
  );
  const { anyOf: _, ...rest } = source;
  return { ...convert({ ...(others[0] as JsonObject), ...rest }, path), nullable: true };
}
