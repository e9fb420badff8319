// Reading and replacing a member deep in an object without changing the original.
import { isJsonObject } from "@coracle/api";
import type { JsonObject } from "@coracle/api";

/** Value at a path of member names, or undefined where a name is absent or a value is no object. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  let current = value;
  for (const name of path) {
    if (!isJsonObject(current) || !Object.hasOwn(current, name)) return undefined;
    current = current[name];
  }
  return current;
}

/**
 * Copy of `object` with the member at `path` set; objects on the way are made where absent. `undefined` removes the member.
 * Returns the same object when nothing changes.
 */
export function withValueAt(object: JsonObject, path: readonly string[], value: unknown): JsonObject {
  const [name, ...rest] = path;
  if (name === undefined) return object;
  const current = Object.hasOwn(object, name) ? object[name] : undefined;
  let next = value;
  if (rest.length > 0) {
    if (!isJsonObject(current) && value === undefined) return object;
    next = withValueAt(isJsonObject(current) ? current : {}, rest, value);
  }
  if (next === current) return object;
  if (next === undefined) return withoutMember(object, name);
  return withMember(object, name, next);
}

/** Copy with one member set. A member keeps its place; a new one goes last. */
export function withMember(object: JsonObject, name: string, value: unknown): JsonObject {
  // A computed member defines an own property even for the name __proto__.
  return { ...object, [name]: value };
}

/** Copy without one member; the same object when it is not there. */
export function withoutMember(object: JsonObject, name: string): JsonObject {
  if (!Object.hasOwn(object, name)) return object;
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
}
