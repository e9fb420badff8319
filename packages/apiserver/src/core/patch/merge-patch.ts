// JSON Merge Patch (RFC 7386) over immutable JSON values.
import { isJsonObject } from "@coracle/api";
import type { JsonObject } from "@coracle/api";

/**
 * Merges `patch` into `target`: null removes, objects merge, everything else replaces. Never changes its arguments.
 * Nulls inside objects that the patch adds are dropped, at any depth and also inside lists.
 */
export function applyMergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const result = new Map(Object.entries(target));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) {
      result.delete(name);
      continue;
    }
    const current = result.get(name);
    if (!isJsonObject(current)) result.set(name, withoutNulls(value));
    else result.set(name, isJsonObject(value) ? applyMergePatch(current, value) : value);
  }
  // fromEntries defines own members, so a member named __proto__ stays plain data.
  return Object.fromEntries(result);
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => (item === null ? null : withoutNulls(item)));
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutNulls(member)]));
}
