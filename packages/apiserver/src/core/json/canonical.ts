// One text per JSON value: members sorted by name, so that equal values have equal texts (hashing, comparing, set items).
import { isJsonObject } from "@coracle/api";

/** Deterministic JSON text of a value; members sorted by UTF-16 code unit, undefined members left out. */
export function canonicalJson(value: unknown): string {
  // Most values asked for are texts and numbers.
  return JSON.stringify(typeof value === "object" ? sorted(value) : value) ?? "null";
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, sorted(value[name])]));
}
