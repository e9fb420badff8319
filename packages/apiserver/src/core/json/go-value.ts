// Values as Go's fmt prints them with %v; some refusals show them so.
import { isJsonObject } from "@coracle/api";

/** `map[a:1 b:[x y]]`, `<nil>`, `text`. */
export function printGoValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(printGoValue).join(" ")}]`;
  if (typeof value === "string") return value;
  if (!isJsonObject(value)) return value === null ? "<nil>" : (JSON.stringify(value) ?? "<nil>");
  const names = Object.keys(value).sort();
  return `map[${names.map((name) => `${name}:${printGoValue(value[name])}`).join(" ")}]`;
}
