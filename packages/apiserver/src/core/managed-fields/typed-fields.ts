// The fields a value sets: every leaf, every item of merging lists, every entry of maps (structured-merge-diff ToFieldSet).
import { isJsonObject } from "@coracle/api";
import { FieldSetBuilder } from "./field-set.ts";
import type { FieldPath, FieldSet } from "./field-set.ts";
import { fieldElement } from "./path-element.ts";
import type { PathElement } from "./path-element.ts";
import type { ListNode, MapNode, TypedNode } from "./typed-schema.ts";
import { asList, asMap, itemElement, shapeOf } from "./typed-value.ts";

/** Fields that `value` sets. Items whose step cannot be made are left out; validation has refused them before. */
export function fieldsOf(value: unknown, node: TypedNode): FieldSet {
  const builder = new FieldSetBuilder();
  visit({ value, node, path: [] }, builder);
  return builder.build();
}

interface Visit {
  readonly value: unknown;
  readonly node: TypedNode;
  readonly path: FieldPath;
}

function visit(at: Visit, builder: FieldSetBuilder): void {
  const shape = shapeOf(at.node, at.value);
  switch (shape.kind) {
    case "scalar":
      builder.insert(at.path);
      return;
    case "list":
      if (shape.list.kind === "atomic") builder.insert(at.path);
      else visitItems(asList(at.value) ?? [], shape.list, at.path, builder);
      return;
    case "map":
      if (shape.map.isAtomic) builder.insert(at.path);
      else visitMembers(at, shape.map, builder);
  }
}

function visitItems(items: readonly unknown[], list: ListNode, path: FieldPath, builder: FieldSetBuilder): void {
  const elements = items.map((item) => itemElement(list, item));
  const counts = new Map<PathElement, number>();
  for (const element of elements) {
    if (element.ok) counts.set(element.value, (counts.get(element.value) ?? 0) + 1);
  }
  for (const [index, element] of elements.entries()) {
    if (!element.ok) continue;
    const itemPath = [...path, element.value];
    // Items that share a step are owned together, without what is in them.
    if (counts.get(element.value) === 1) visit({ value: items[index], node: list.item(), path: itemPath }, builder);
    builder.insert(itemPath);
  }
}

function visitMembers(at: Visit, map: MapNode, builder: FieldSetBuilder): void {
  for (const [name, member] of Object.entries(asMap(at.value) ?? {})) {
    const node = map.member(name);
    if (node === undefined || member === undefined) continue;
    const path = [...at.path, fieldElement(name)];
    visit({ value: member, node, path }, builder);
    const isEmptyMap = isJsonObject(member) && Object.keys(member).length === 0;
    // A named struct is owned through its members; a map entry, null and {} are owned themselves.
    if (member === null || isEmptyMap || !map.isNamed(name)) builder.insert(path);
  }
}
