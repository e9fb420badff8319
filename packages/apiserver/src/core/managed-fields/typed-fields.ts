// The fields a value sets: every leaf, every item of merging lists, every entry of maps (structured-merge-diff ToFieldSet).
import { isJsonObject } from "@coracle/api";
import { FieldSetBuilder } from "./field-set.ts";
import type { FieldSet } from "./field-set.ts";
import type { Place } from "./field-path.ts";
import { fieldElement } from "./path-element.ts";
import type { PathElement } from "./path-element.ts";
import type { ListNode, MapNode, TypedNode } from "./typed-schema.ts";
import { asList, asMap, itemElement, shapeOf } from "./typed-value.ts";

/** Fields that `value` sets. Items whose step cannot be made are left out; validation has refused them before. */
export function fieldsOf(value: unknown, node: TypedNode): FieldSet {
  const builder = new FieldSetBuilder();
  visit({ value, node, place: undefined }, builder);
  return builder.build();
}

interface Visit {
  readonly value: unknown;
  readonly node: TypedNode;
  readonly place: Place | undefined;
}

function visit(at: Visit, builder: FieldSetBuilder): void {
  const shape = shapeOf(at.node, at.value);
  switch (shape.kind) {
    case "scalar":
      builder.insertPlace(at.place);
      return;
    case "list":
      if (shape.list.kind === "atomic") builder.insertPlace(at.place);
      else visitItems(asList(at.value) ?? [], shape.list, at.place, builder);
      return;
    case "map":
      if (shape.map.isAtomic) builder.insertPlace(at.place);
      else visitMembers(at, shape.map, builder);
  }
}

function visitItems(
  items: readonly unknown[],
  list: ListNode,
  parent: Place | undefined,
  builder: FieldSetBuilder,
): void {
  const elements = items.map((item) => itemElement(list, item));
  const counts = new Map<PathElement, number>();
  for (const element of elements) {
    if (element.ok) counts.set(element.value, (counts.get(element.value) ?? 0) + 1);
  }
  for (const [index, element] of elements.entries()) {
    if (!element.ok) continue;
    const place = { parent, element: element.value };
    // Items that share a step are owned together, without what is in them.
    if (counts.get(element.value) === 1) visit({ value: items[index], node: list.item(), place }, builder);
    builder.insertPlace(place);
  }
}

function visitMembers(at: Visit, map: MapNode, builder: FieldSetBuilder): void {
  for (const [name, member] of Object.entries(asMap(at.value) ?? {})) {
    const node = map.member(name);
    if (node === undefined || member === undefined) continue;
    const place = { parent: at.place, element: fieldElement(name) };
    visit({ value: member, node, place }, builder);
    const isEmptyMap = isJsonObject(member) && Object.keys(member).length === 0;
    // A named struct is owned through its members; a map entry, null and {} are owned themselves.
    if (member === null || isEmptyMap || !map.isNamed(name)) builder.insertPlace(place);
  }
}
