// What changed between two values, as sets of fields (structured-merge-diff Compare).
import { jsonEqual } from "@coracle/api";
import { FieldSetBuilder, subtractSubtrees } from "./field-set.ts";
import type { FieldSet } from "./field-set.ts";
import type { Place } from "./field-path.ts";
import { fieldElement } from "./path-element.ts";
import type { PathElement } from "./path-element.ts";
import type { ListNode, MapNode, TypedNode } from "./typed-schema.ts";
import { asList, asMap, itemElement, sameShape, shapeOf } from "./typed-value.ts";
import type { Shape } from "./typed-value.ts";

/** Fields only the new value has, fields with another value, fields only the old value has. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** Compares two values of one type. */
export function compareTyped(before: unknown, after: unknown, node: TypedNode): Comparison {
  const found = { added: new FieldSetBuilder(), modified: new FieldSetBuilder(), removed: new FieldSetBuilder() };
  compare({ before, after, place: undefined }, node, found);
  return { added: found.added.build(), modified: found.modified.build(), removed: found.removed.build() };
}

/** The comparison without some fields and all below them. */
export function excludeFields(comparison: Comparison, excluded: FieldSet): Comparison {
  return {
    added: subtractSubtrees(comparison.added, excluded),
    modified: subtractSubtrees(comparison.modified, excluded),
    removed: subtractSubtrees(comparison.removed, excluded),
  };
}

/** One place in both values; undefined where a value has nothing there. */
interface Pair {
  readonly before: unknown;
  readonly after: unknown;
  readonly place: Place | undefined;
}

interface Found {
  readonly added: FieldSetBuilder;
  readonly modified: FieldSetBuilder;
  readonly removed: FieldSetBuilder;
}

function compare(pair: Pair, node: TypedNode, found: Found): void {
  const { before, after } = pair;
  // Two versions of an object share most of their parts.
  if (before === after) return;
  let isLeaf: boolean;
  if (sameShape(node, before, after)) {
    isLeaf = compareShape(pair, shapeOf(node, after === undefined ? before : after), found);
  } else {
    compareShape(pair, shapeOf(node, before), found);
    isLeaf = compareShape(pair, shapeOf(node, after), found);
  }
  if (isLeaf) return;
  if (before === undefined) found.added.insertPlace(pair.place);
  else if (after === undefined) found.removed.insertPlace(pair.place);
}

/** True when the place was dealt with as one field. */
function compareShape(pair: Pair, shape: Shape, found: Found): boolean {
  switch (shape.kind) {
    case "scalar":
      compareLeaf(pair, found);
      return true;
    case "list": {
      const before = asList(pair.before) ?? [];
      const after = asList(pair.after) ?? [];
      // Two empty lists are a leaf: the difference between null and [] counts.
      const isLeaf = shape.list.kind === "atomic" || (before.length === 0 && after.length === 0);
      if (isLeaf) compareLeaf(pair, found);
      else compareItems(pair, shape.list, found);
      return isLeaf;
    }
    case "map": {
      const isLeaf = shape.map.isAtomic || (isEmptyMap(pair.before) && isEmptyMap(pair.after));
      if (isLeaf) compareLeaf(pair, found);
      else compareMembers(pair, shape.map, found);
      return isLeaf;
    }
  }
}

function isEmptyMap(value: unknown): boolean {
  return Object.keys(asMap(value) ?? {}).length === 0;
}

function compareLeaf(pair: Pair, found: Found): void {
  if (pair.before === undefined) found.added.insertPlace(pair.place);
  else if (pair.after === undefined) found.removed.insertPlace(pair.place);
  else if (!jsonEqual(pair.before, pair.after)) found.modified.insertPlace(pair.place);
}

function compareMembers(pair: Pair, map: MapNode, found: Found): void {
  const before = asMap(pair.before) ?? {};
  const after = asMap(pair.after) ?? {};
  const compareMember = (name: string): void => {
    const left = own(before, name);
    const right = own(after, name);
    const node = left === right ? undefined : map.member(name);
    const place = { parent: pair.place, element: fieldElement(name) };
    if (node !== undefined) compare({ before: left, after: right, place }, node, found);
  };
  for (const name of Object.keys(after)) compareMember(name);
  for (const name of Object.keys(before)) if (!Object.hasOwn(after, name)) compareMember(name);
}

function own(object: { readonly [name: string]: unknown }, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function compareItems(pair: Pair, list: ListNode, found: Found): void {
  const before = byElement(asList(pair.before) ?? [], list);
  const after = byElement(asList(pair.after) ?? [], list);
  for (const element of new Set([...before.keys(), ...after.keys()])) {
    compareSameItems(
      { place: { parent: pair.place, element }, list },
      [before.get(element) ?? [], after.get(element) ?? []],
      found,
    );
  }
}

function byElement(items: readonly unknown[], list: ListNode): ReadonlyMap<PathElement, readonly unknown[]> {
  const found = new Map<PathElement, unknown[]>();
  for (const item of items) {
    const element = itemElement(list, item);
    if (!element.ok) continue;
    const same = found.get(element.value);
    if (same === undefined) found.set(element.value, [item]);
    else same.push(item);
  }
  return found;
}

// Items that share a step count as one indivisible field while there are several of them.
function compareSameItems(
  at: { readonly place: Place; readonly list: ListNode },
  [before, after]: readonly [readonly unknown[], readonly unknown[]],
  found: Found,
): void {
  const { place } = at;
  const one = (left: unknown, right: unknown): void => {
    compare({ before: left, after: right, place }, at.list.item(), found);
  };
  if (before.length <= 1 && after.length <= 1) {
    one(before[0], after[0]);
  } else if (before.length >= 2 && after.length >= 2) {
    if (!jsonEqual(before, after)) found.modified.insertPlace(place);
  } else if (before.length >= 2) {
    if (after.length > 0) one(undefined, after[0]);
    found.removed.insertPlace(place);
  } else {
    if (before.length > 0) one(before[0], undefined);
    found.added.insertPlace(place);
  }
}
