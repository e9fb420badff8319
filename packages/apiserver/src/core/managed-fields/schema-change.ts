// Ownership written under an older schema: a field that has become indivisible since is owned as a whole
// (structured-merge-diff ReconcileFieldSetWithSchema).
import { isEmptySet } from "./field-set.ts";
import type { FieldSet } from "./field-set.ts";
import { fieldNameOf } from "./path-element.ts";
import type { PathElement } from "./path-element.ts";
import type { TypedNode } from "./typed-schema.ts";

/** The set as the schema of today sees it; the same set when nothing became indivisible. */
export function reconcileWithSchema(set: FieldSet, node: TypedNode): FieldSet {
  let changed = false;
  const members = new Set(set.members);
  const children = new Map<PathElement, FieldSet>();
  for (const [element, child] of set.children) {
    const next = childOf(node, element);
    if (next !== undefined && isIndivisible(next)) {
      members.add(element);
      changed = true;
      continue;
    }
    const reconciled = next === undefined ? child : reconcileWithSchema(child, next);
    changed ||= reconciled !== child;
    if (!isEmptySet(reconciled)) children.set(element, reconciled);
  }
  return changed ? { members, children } : set;
}

function childOf(node: TypedNode, element: PathElement): TypedNode | undefined {
  const name = fieldNameOf(element);
  // Where the type is open, ownership says what it was; there is nothing to compare with.
  if (node.map !== undefined && node.list !== undefined) return undefined;
  return name === undefined ? node.list?.item() : node.map?.member(name);
}

function isIndivisible(node: TypedNode): boolean {
  if (node.map !== undefined && node.list !== undefined) return false;
  if (node.map !== undefined) return node.map.isAtomic;
  return node.list?.kind === "atomic";
}
