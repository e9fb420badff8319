// Lists in a strategic merge patch: merging by key or by value, and the order of what comes out.
import { isJsonObject } from "@coracle/api";
import type { JsonObject } from "@coracle/api";
import { PatchFormatError } from "./patch-format-error.ts";
import { orderedLike } from "./list-order.ts";

/** How the objects of one list merge. */
export interface ItemMerge {
  /** Member that identifies an object; a list of objects cannot merge without. */
  readonly mergeKey: string | undefined;
  mergeItem(original: JsonObject, patch: JsonObject): JsonObject;
}

/** Merges a list with patchStrategy merge: objects by the merge key, scalars as a set. */
export function mergeLists(original: readonly unknown[], patch: readonly unknown[], by: ItemMerge): readonly unknown[] {
  if (original.length === 0 && patch.length === 0) return original;
  const { mergeKey } = by;
  const items = [...original, ...patch];
  if (items.some(Array.isArray)) throw new PatchFormatError(422, "lists of lists are not supported");
  if (!items.some(isJsonObject)) {
    const merged = [...new Set(items)];
    return orderedLike({ merged, wanted: patch, live: original, mergeKey: undefined });
  }
  if (!items.every(isJsonObject)) throw new PatchFormatError(500, "list element types are not identical");
  if (mergeKey === undefined) throw new PatchFormatError(500, "cannot merge lists without merge key for struct");
  const { kept, additions } = withSpecialItems(original.filter(isJsonObject), patch.filter(isJsonObject), mergeKey);
  const merged = mergeByKey({ original: kept, patch: additions, mergeKey }, by);
  return orderedLike({ merged, wanted: additions, live: kept, mergeKey });
}

interface SpecialItems {
  readonly kept: readonly JsonObject[];
  readonly additions: readonly JsonObject[];
}

// Items that carry $patch: delete removes the item with that key, replace makes the patch the whole list.
function withSpecialItems(
  original: readonly JsonObject[],
  patch: readonly JsonObject[],
  mergeKey: string,
): SpecialItems {
  const additions: JsonObject[] = [];
  const deleted = new Set<unknown>();
  let replaces = false;
  for (const item of patch) {
    const directive = item["$patch"];
    if (directive === undefined) additions.push(item);
    else if (directive === "delete") deleted.add(keyOf(item, mergeKey));
    else if (directive === "replace") replaces = true;
    else if (directive === "merge") {
      throw new PatchFormatError(500, "merging lists cannot yet be specified in the patch");
    } else throw new PatchFormatError(500, `unknown patch type: ${JSON.stringify(directive)} in map`);
  }
  if (replaces) return { kept: additions, additions: [] };
  return { kept: original.filter((item) => !deleted.has(item[mergeKey])), additions };
}

function mergeByKey(
  lists: { readonly original: readonly JsonObject[]; readonly patch: readonly JsonObject[]; readonly mergeKey: string },
  by: ItemMerge,
): readonly JsonObject[] {
  const merged = [...lists.original];
  for (const item of lists.patch) {
    const key = keyOf(item, lists.mergeKey);
    const index = merged.findIndex((candidate) => candidate[lists.mergeKey] === key);
    const current = merged[index];
    if (current === undefined) merged.push(item);
    else merged[index] = by.mergeItem(current, item);
  }
  return merged;
}

function keyOf(item: JsonObject, mergeKey: string): unknown {
  const key = item[mergeKey];
  if (key === undefined) throw new PatchFormatError(500, `map does not contain declared merge key: ${mergeKey}`);
  return key;
}
