// Looking into JSON whose shape is not known.

/** The member of an object; `undefined` if it has none, or is no object. */
export function member(value: unknown, ...names: readonly string[]): unknown {
  let found = value;
  for (const name of names) found = typeof found === "object" && found !== null ? Reflect.get(found, name) : undefined;
  return found;
}

/** The value if it is a text, else "". */
export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
