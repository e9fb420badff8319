// How ownership moves when an object changes: the rules shared by update and apply (structured-merge-diff merge.Updater).
import { excludeFields, compareTyped } from "./typed-compare.ts";
import type { Comparison } from "./typed-compare.ts";
import { fieldSetOf, intersectSets, isEmptySet, subtractSet, subtractSubtrees, unionSets } from "./field-set.ts";
import type { FieldSet } from "./field-set.ts";
import { fieldElement } from "./path-element.ts";
import type { ManagedEntry, Managers } from "./field-managers.ts";
import { reconcileWithSchema } from "./schema-change.ts";
import type { TypedNode } from "./typed-schema.ts";

/** What the rules need to know about the kind and the endpoint. */
export interface TypedKind {
  readonly node: TypedNode;
  readonly apiVersion: string;
  /** Fields this endpoint resets: nobody comes to own them through it. */
  readonly ignored: FieldSet;
}

/** Fields that another manager owns with another value. */
export type Conflicts = ReadonlyMap<string, { readonly entry: ManagedEntry; readonly set: FieldSet }>;

/**
 * The managers as today's version and schema see them. Entries of versions that are no longer served go.
 */
export function currentManagers(managers: Managers, kind: TypedKind): Managers {
  const current = new Map<string, ManagedEntry>();
  for (const [identity, entry] of managers) {
    if (entry.apiVersion !== kind.apiVersion) continue;
    const set = reconcileWithSchema(entry.set, kind.node);
    current.set(identity, set === entry.set ? entry : { ...entry, set });
  }
  return current;
}

/** What changed, without the fields the endpoint resets. */
export function changesOf(before: unknown, after: unknown, kind: TypedKind): Comparison {
  return excludeFields(compareTyped(before, after, kind.node), kind.ignored);
}

/** Fields of others that the change touches. */
export function conflictsWith(managers: Managers, writer: string, change: Comparison): Conflicts {
  const touched = unionSets(change.modified, change.added);
  const conflicts = new Map<string, { entry: ManagedEntry; set: FieldSet }>();
  for (const [identity, entry] of managers) {
    if (identity === writer) continue;
    const set = intersectSets(entry.set, touched);
    if (!isEmptySet(set)) conflicts.set(identity, { entry, set });
  }
  return conflicts;
}

/** The managers after the writer has taken what it conflicts on, and without fields that are gone. */
export function takeOver(managers: Managers, writer: string, change: Comparison): Managers {
  const conflicts = conflictsWith(managers, writer, change);
  const next = new Map<string, ManagedEntry>();
  for (const [identity, entry] of managers) {
    let { set } = entry;
    if (identity !== writer) {
      const conflict = conflicts.get(identity);
      if (conflict !== undefined) set = subtractSet(set, conflict.set);
      set = subtractSet(set, change.removed);
    }
    if (!isEmptySet(set)) next.set(identity, set === entry.set ? entry : { ...entry, set });
  }
  return next;
}

/** Fields that a writer comes to own through a change of its own. */
export function ownedThrough(change: Comparison, kind: TypedKind): FieldSet {
  return withoutTypeAndIdentity(subtractSubtrees(unionSets(change.modified, change.added), kind.ignored));
}

const STRIPPED = fieldSetOf([
  [fieldElement("apiVersion")],
  [fieldElement("kind")],
  [fieldElement("metadata")],
  ...[
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "clusterName",
    "generation",
    "managedFields",
    "resourceVersion",
  ].map((name) => [fieldElement("metadata"), fieldElement(name)]),
]);

/** The set without the fields that no one ever owns. */
export function withoutTypeAndIdentity(set: FieldSet): FieldSet {
  return subtractSet(set, STRIPPED);
}
