// Reading fields of an unchecked object by dotted path.
import { isJsonObject } from "./json.ts";

/** The value at a dotted path, or `undefined`. Path segments are plain member names. */
export function valueAt(object: unknown, path: string): unknown {
  let value: unknown = object;
  for (const name of path.split(".")) {
    if (!isJsonObject(value)) return undefined;
    value = value[name];
  }
  return value;
}

/** The text at a dotted path; empty if there is none. */
export function textAt(object: unknown, path: string): string {
  const value = valueAt(object, path);
  return typeof value === "string" ? value : "";
}

/** The value at a dotted path as a field selector sees it: text, number and boolean as text, everything else as `absent`. */
export function selectableAt(object: unknown, path: string, absent = ""): string {
  const value = valueAt(object, path);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" ? value : absent;
}
