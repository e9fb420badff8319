// Fills absent fields from the defaults of a structural schema (apiextensions structural defaulting).
import { isJsonObject } from "./json.ts";
import type { StructuralSchema } from "./structural-schema.ts";

const withDefaults = new WeakMap<StructuralSchema, boolean>();

/** The value with every absent field that has a default filled in; the same value if nothing was absent. */
export function applySchemaDefaults(schema: StructuralSchema, value: unknown): unknown {
  if (!hasDefaults(schema)) return value;
  if (Array.isArray(value)) {
    const items = schema.items;
    if (items === undefined || !hasDefaults(items)) return value;
    const filled = value.map((item) => applySchemaDefaults(items, item));
    return filled.some((item, index) => item !== value[index]) ? filled : value;
  }
  if (!isJsonObject(value)) return value;
  let result: { [key: string]: unknown } | undefined;
  const set = (key: string, filled: unknown): void => {
    if (filled === value[key]) return;
    result ??= { ...value };
    result[key] = filled;
  };
  for (const [key, child] of Object.entries(schema.properties ?? {})) {
    const present = value[key];
    const absent =
      present === undefined || (present === null && child.nullable !== true && child.default !== undefined);
    if (!absent) set(key, applySchemaDefaults(child, present));
    else if (child.default !== undefined) set(key, applySchemaDefaults(child, child.default));
  }
  const { additionalProperties } = schema;
  if (additionalProperties !== undefined && hasDefaults(additionalProperties)) {
    for (const key in value) set(key, applySchemaDefaults(additionalProperties, value[key]));
  }
  return result ?? value;
}

/** True if a default stands anywhere at or below the node. */
function hasDefaults(schema: StructuralSchema): boolean {
  const known = withDefaults.get(schema);
  if (known !== undefined) return known;
  const children = [...Object.values(schema.properties ?? {}), schema.items, schema.additionalProperties];
  const found = schema.default !== undefined || children.some((child) => child !== undefined && hasDefaults(child));
  withDefaults.set(schema, found);
  return found;
}
