// JSON values and how the differential test walks them.

/** Anything JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** A JSON object. */
export type JsonObject = { readonly [name: string]: Json };

/** Whether `value` is an object (not a list, not null). */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether `value` is a list; Array.isArray does not narrow readonly lists. */
export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The value at a dotted path such as `metadata.managedFields.0.manager`, or undefined. */
export function at(value: Json | undefined, path: string): Json | undefined {
  let current = value;
  for (const name of path.split(".")) {
    if (isList(current)) current = current[Number(name)];
    else if (isObject(current)) current = current[name];
    else return undefined;
  }
  return current;
}

/** Parses text as JSON, or returns undefined. */
export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
