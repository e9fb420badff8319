// Laying an applied configuration over a live object: maps and lists merge item by item, the configuration wins
// (structured-merge-diff Merge).
import type { TypedNode, ListNode, MapNode } from "./typed-schema.ts";
import type { PathElement } from "./path-element.ts";
import { asList, asMap, itemElement, sameShape, shapeOf } from "./typed-value.ts";
import type { Shape } from "./typed-value.ts";

/** The merged value; undefined where neither side has one. Values must have passed validation. */
export function mergeTyped(live: unknown, applied: unknown, node: TypedNode): unknown {
  if (sameShape(node, live, applied)) {
    return mergeShape(live, applied, shapeOf(node, applied === undefined ? live : applied));
  }
  return mergeShape(live, applied, shapeOf(node, applied));
}

function mergeShape(live: unknown, applied: unknown, shape: Shape): unknown {
  switch (shape.kind) {
    case "scalar":
      return pick(live, applied);
    case "list": {
      const before = asList(live) ?? [];
      const after = asList(applied) ?? [];
      const isLeaf = shape.list.kind === "atomic" || (before.length === 0 && after.length === 0);
      return isLeaf ? pick(live, applied) : mergeItems(before, after, shape.list);
    }
    case "map": {
      const before = asMap(live) ?? {};
      const after = asMap(applied) ?? {};
      const isEmpty = Object.keys(before).length === 0 && Object.keys(after).length === 0;
      return shape.map.isAtomic || isEmpty ? pick(live, applied) : mergeMembers(before, after, shape.map);
    }
  }
}

function pick(live: unknown, applied: unknown): unknown {
  return applied === undefined ? live : applied;
}

function mergeMembers(
  live: { readonly [name: string]: unknown },
  applied: { readonly [name: string]: unknown },
  map: MapNode,
): unknown {
  const merged: [string, unknown][] = [];
  for (const name of new Set([...Object.keys(live), ...Object.keys(applied)])) {
    const mine = Object.hasOwn(applied, name) ? applied[name] : undefined;
    const theirs = Object.hasOwn(live, name) ? live[name] : undefined;
    const node = map.member(name);
    const value = node === undefined ? pick(theirs, mine) : mergeTyped(theirs, mine, node);
    if (value !== undefined) merged.push([name, value]);
  }
  return merged.length === 0 ? undefined : Object.fromEntries(merged);
}

/** The items of one list by step. A step that several live items share holds null: duplicates merge with nothing. */
interface Indexed {
  readonly items: readonly { readonly element: PathElement; readonly item: unknown }[];
  readonly byElement: ReadonlyMap<PathElement, unknown>;
}

function indexed(list: readonly unknown[], node: ListNode): Indexed {
  const items: { element: PathElement; item: unknown }[] = [];
  const byElement = new Map<PathElement, unknown>();
  for (const item of list) {
    const element = itemElement(node, item);
    if (!element.ok) continue;
    items.push({ element: element.value, item });
    byElement.set(element.value, byElement.has(element.value) ? null : item);
  }
  return { items, byElement };
}

// Items both sides have come in the order of the applied list; items only the live list has keep their place before the
// next item that both share.
function mergeItems(liveList: readonly unknown[], appliedList: readonly unknown[], node: ListNode): unknown {
  const live = indexed(liveList, node);
  const applied = indexed(appliedList, node);
  const shared = applied.items.filter(({ element }) => live.byElement.has(element)).map(({ element }) => element);
  const out: unknown[] = [];
  const done = new Set<PathElement>();
  const take = (element: PathElement): void => {
    done.add(element);
    if (shared[0] === element) shared.shift();
    const theirs = live.byElement.get(element);
    push(out, mergeTyped(theirs ?? undefined, applied.byElement.get(element), node.item()));
  };
  let l = 0;
  let r = 0;
  while (l < live.items.length || r < applied.items.length) {
    const mine = live.items[l];
    const theirs = applied.items[r];
    if (mine !== undefined && theirs !== undefined) {
      if (mine.element === theirs.element) {
        take(mine.element);
        l += 1;
        r += 1;
        continue;
      }
      const isLater = shared.length > 0 && shared[0] !== mine.element;
      if (applied.byElement.has(mine.element) && isLater) {
        l += 1;
        continue;
      }
    }
    if (mine !== undefined && !applied.byElement.has(mine.element)) {
      push(out, mergeTyped(mine.item, undefined, node.item()));
      l += 1;
      continue;
    }
    if (mine !== undefined && done.has(mine.element)) l += 1;
    if (theirs === undefined) continue;
    take(theirs.element);
    r += 1;
  }
  return out.length === 0 ? undefined : out;
}

function push(out: unknown[], value: unknown): void {
  if (value !== undefined) out.push(value);
}
