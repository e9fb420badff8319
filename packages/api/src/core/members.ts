// Reading the lists and maps of unchecked core objects; whatever has the wrong type reads as empty.
import { valueAt } from "../field-path.ts";
import { isJsonObject, type JsonObject } from "../json.ts";

/** The objects in the list at a path. */
export function objectsAt(object: unknown, path: string): readonly JsonObject[] {
  const value = valueAt(object, path);
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** The object at a path. */
export function objectAt(object: unknown, path: string): JsonObject {
  const value = valueAt(object, path);
  return isJsonObject(value) ? value : {};
}

/** The number at a path, or `absent`. */
export function numberAt(object: unknown, path: string, absent = 0): number {
  const value = valueAt(object, path);
  return typeof value === "number" ? value : absent;
}

/** The texts in the list at a path. */
export function textsAt(object: unknown, path: string): readonly string[] {
  const value = valueAt(object, path);
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** The status of the condition of a type in a list of conditions, or `undefined`. */
export function conditionStatus(conditions: readonly JsonObject[], type: string): unknown {
  return conditions.find((condition) => condition["type"] === type)?.["status"];
}

/** The object with defaults under the members it has. */
export function withDefaults(object: JsonObject, defaults: JsonObject): JsonObject {
  let next: { [key: string]: unknown } | undefined;
  for (const key in defaults) {
    if (object[key] !== undefined) continue;
    next ??= { ...object };
    next[key] = defaults[key];
  }
  return next ?? object;
}

/** The object with one member replaced by `change` of it; the same object if the member is absent. */
export function mapMember(object: JsonObject, key: string, change: (value: JsonObject) => JsonObject): JsonObject {
  const value = object[key];
  return isJsonObject(value) ? { ...object, [key]: change(value) } : object;
}

/** The object with each item of a list replaced by `change` of it; the same object if there is no list. */
export function mapItems(object: JsonObject, key: string, change: (item: JsonObject) => JsonObject): JsonObject {
  const items = object[key];
  if (!Array.isArray(items)) return object;
  return { ...object, [key]: items.map((item: unknown) => (isJsonObject(item) ? change(item) : item)) };
}
