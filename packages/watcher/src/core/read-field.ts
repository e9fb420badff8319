// Reading one field of an object by its dotted path.

/** The value at `path` (`status.phase`, `spec.containers[0].image`), or `undefined`. */
export function readField(object: unknown, path: string): unknown {
  let value: unknown = object;
  for (const [step] of path.matchAll(/[^.[\]]+/g)) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}
