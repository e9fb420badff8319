// Taking fields out of a value, and the parents that go with them (structured-merge-diff RemoveItems, EnsureNamedFieldsAreMembers).
import { EMPTY_SET, isEmptySet } from "./field-set.ts";
import type { FieldSet } from "./field-set.ts";
import { fieldElement, fieldNameOf } from "./path-element.ts";
import type { PathElement } from "./path-element.ts";
import type { ListNode, MapNode, TypedNode } from "./typed-schema.ts";
import { asList, asMap, itemElement, shapeOf } from "./typed-value.ts";

/** The value without the fields of the set; null where nothing of a list or map is left. */
export function removeFields(value: unknown, gone: FieldSet, node: TypedNode): unknown {
  const shape = shapeOf(node, value);
  switch (shape.kind) {
    case "scalar":
      return value;
    case "list":
      return shape.list.kind === "atomic" ? null : removeItems(asList(value) ?? [], gone, shape.list);
    case "map":
      return shape.map.isAtomic ? null : removeMembers(asMap(value) ?? {}, gone, shape.map);
  }
}

function removeItems(items: readonly unknown[], gone: FieldSet, list: ListNode): unknown {
  const kept: unknown[] = [];
  for (const item of items) {
    const element = itemElement(list, item);
    if (!element.ok) {
      kept.push(item);
      continue;
    }
    if (gone.members.has(element.value)) continue;
    const below = gone.children.get(element.value);
    kept.push(below === undefined ? item : removeFields(item, below, list.item()));
  }
  return kept.length === 0 ? null : kept;
}

function removeMembers(object: { readonly [name: string]: unknown }, gone: FieldSet, map: MapNode): unknown {
  const kept: [string, unknown][] = [];
  for (const [name, member] of Object.entries(object)) {
    const element = fieldElement(name);
    if (gone.members.has(element)) continue;
    const below = gone.children.get(element);
    const node = map.member(name);
    kept.push([name, below === undefined || node === undefined ? member : removeFields(member, below, node)]);
  }
  return kept.length === 0 ? null : Object.fromEntries(kept);
}

/**
 * The set with every named parent of its paths: owning `a.b.c` comes to own `a` and `b` where the schema names them, but
 * not entries of maps or items of lists.
 */
export function withNamedParents(set: FieldSet, node: TypedNode | undefined): FieldSet {
  if (isEmptySet(set)) return EMPTY_SET;
  const members = new Set(set.members);
  const children = new Map<PathElement, FieldSet>();
  for (const [element, child] of set.children) {
    const name = fieldNameOf(element);
    if (name !== undefined && node?.map?.isNamed(name) === true) members.add(element);
    children.set(element, withNamedParents(child, childNode(node, name)));
  }
  return { members, children };
}

function childNode(node: TypedNode | undefined, name: string | undefined): TypedNode | undefined {
  return name === undefined ? node?.list?.item() : node?.map?.member(name);
}
