// The order of a list after a strategic merge patch (Kubernetes "preserve list order" proposal).
import { isJsonObject } from "@coracle/api";

/**
 * Puts merged items in order: those that `wanted` names in its order, the others as they are in the live list, both
 * interleaved by the live order where it knows both. The relative order of either side is kept.
 */
export function orderedLike(list: {
  readonly merged: readonly unknown[];
  readonly wanted: readonly unknown[];
  readonly live: readonly unknown[];
  readonly mergeKey: string | undefined;
}): readonly unknown[] {
  const { mergeKey } = list;
  const key = (item: unknown): unknown => (mergeKey !== undefined && isJsonObject(item) ? item[mergeKey] : item);
  const wantedAt = places(list.wanted.map(key));
  const liveAt = places(list.live.map(key));
  const byPlace = (at: ReadonlyMap<unknown, number>) => (left: unknown, right: unknown) =>
    (at.get(key(left)) ?? Number.MAX_SAFE_INTEGER) - (at.get(key(right)) ?? Number.MAX_SAFE_INTEGER);
  const named = list.merged.filter((item) => wantedAt.has(key(item))).toSorted(byPlace(wantedAt));
  const others = list.merged.filter((item) => !wantedAt.has(key(item))).toSorted(byPlace(liveAt));
  const result: unknown[] = [];
  let next = 0;
  for (const item of named) {
    // An item the live list does not know takes no live-only item in front of it.
    const place = liveAt.get(key(item)) ?? -1;
    while (next < others.length && (liveAt.get(key(others[next])) ?? place) < place) {
      result.push(others[next]);
      next += 1;
    }
    result.push(item);
  }
  return [...result, ...others.slice(next)];
}

function places(keys: readonly unknown[]): ReadonlyMap<unknown, number> {
  const at = new Map<unknown, number>();
  for (const [index, key] of keys.entries()) if (!at.has(key)) at.set(key, index);
  return at;
}
