// What a statically typed server leaves out or rewrites when it prints an object again: empty collections, nulls, time zones.
import { formatTime, microTimeInUtc, parseTimestampMs } from "@coracle/base";
import { coreSchema } from "./core/core-schema.ts";
import { withDefaults } from "./core/members.ts";
import { alwaysWritten, isOmittedWhenZero } from "./core/zero-fields.ts";
import { isJsonObject, type JsonObject } from "./json.ts";
import type { ApiObject, ObjectMeta } from "./object-meta.ts";
import type { StructuralSchema } from "./structural-schema.ts";

const META = "io.k8s.apimachinery.pkg.apis.meta.v1";

/**
 * `value` without nulls, without empty lists and maps, without empty texts in optional fields and zeroes that mean "not given",
 * and with times in UTC. The same value if nothing changes. Fields without a schema and `preserveUnknownFields` subtrees stay as they are.
 */
export function dropEmpty(schema: StructuralSchema, value: unknown): unknown {
  if (typeof value === "string") return inUtc(schema, value);
  if (Array.isArray(value)) {
    const items = schema.items;
    if (items === undefined) return value;
    const next = value.map((item) => dropEmpty(items, item));
    return next.some((item, index) => item !== value[index]) ? next : value;
  }
  return isJsonObject(value) ? dropEmptyMembers(schema, value) : value;
}

function dropEmptyMembers(schema: StructuralSchema, value: JsonObject): JsonObject {
  const { properties, additionalProperties } = schema;
  let next: { [key: string]: unknown } | undefined;
  for (const key in value) {
    const child = properties?.[key] ?? additionalProperties;
    if (child === undefined) continue;
    const before = value[key];
    const after = dropEmpty(child, before);
    const isOptional = properties?.[key] !== undefined && schema.required?.includes(key) !== true;
    const isZero = (before === 0 || before === false) && isOmittedWhenZero(schema.definitionName, key);
    const drop = before === null || isZero || (isOptional && isEmpty(child, after));
    if (!drop && after === before) continue;
    next ??= { ...value };
    if (drop) delete next[key];
    else next[key] = after;
  }
  const always = alwaysWritten(schema.definitionName);
  return always === undefined ? (next ?? value) : withDefaults(next ?? value, always);
}

function isEmpty(schema: StructuralSchema, value: unknown): boolean {
  if (value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  const isMap = schema.additionalProperties !== undefined;
  return isMap && isJsonObject(value) && Object.keys(value).length === 0;
}

function inUtc(schema: StructuralSchema, text: string): string {
  if (schema.format !== "date-time") return text;
  const wallMs = parseTimestampMs(text);
  if (wallMs === undefined) return text;
  return schema.definitionName === `${META}.MicroTime` ? (microTimeInUtc(text) ?? text) : formatTime(wallMs);
}

/** The object with {@link dropEmpty} applied to its metadata; for kinds whose body is kept as it was sent. */
export function dropEmptyMetadata(object: ApiObject): ApiObject {
  const metadata = dropEmpty(coreSchema(`${META}.ObjectMeta`), object.metadata) as ObjectMeta;
  return metadata === object.metadata ? object : { ...object, metadata };
}
