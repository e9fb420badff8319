// Sets of field paths and their algebra (structured-merge-diff fieldpath.Set). A set does not hold the parents of its paths.
import type { Place } from "./field-path.ts";
import { compareElements } from "./path-element.ts";
import type { PathElement } from "./path-element.ts";

/** Steps from the root of an object to a field. */
export type FieldPath = readonly PathElement[];

/** An immutable set of paths: `members` end here, `children` go on. A child is never empty. */
export interface FieldSet {
  readonly members: ReadonlySet<PathElement>;
  readonly children: ReadonlyMap<PathElement, FieldSet>;
}

/** The set without paths. */
export const EMPTY_SET: FieldSet = { members: new Set(), children: new Map() };

/** True when no path is in the set. */
export function isEmptySet(set: FieldSet): boolean {
  return set.members.size === 0 && set.children.size === 0;
}

/** The set of some paths. */
export function fieldSetOf(paths: readonly FieldPath[]): FieldSet {
  const builder = new FieldSetBuilder();
  for (const path of paths) builder.insert(path);
  return builder.build();
}

interface MutableSet {
  readonly members: Set<PathElement>;
  readonly children: Map<PathElement, MutableSet>;
}

/** Collects paths into a set. */
export class FieldSetBuilder {
  readonly #root: MutableSet = { members: new Set(), children: new Map() };

  readonly #steps: PathElement[] = [];

  /** Adds a path; the path to the whole object is nobody's and is not added. */
  insert(path: FieldPath): void {
    this.#steps.length = 0;
    for (let index = path.length - 1; index >= 0; index -= 1) this.#steps.push(path[index] ?? "");
    this.#insertSteps();
  }

  /** Adds the path to a place; the root is not added. */
  insertPlace(place: Place | undefined): void {
    this.#steps.length = 0;
    for (let at = place; at !== undefined; at = at.parent) this.#steps.push(at.element);
    this.#insertSteps();
  }

  // The steps come with the last one first.
  #insertSteps(): void {
    const steps = this.#steps;
    const last = steps[0];
    if (last === undefined) return;
    let node = this.#root;
    for (let index = steps.length - 1; index > 0; index -= 1) {
      const element = steps[index] ?? "";
      let child = node.children.get(element);
      if (child === undefined) {
        child = { members: new Set(), children: new Map() };
        node.children.set(element, child);
      }
      node = child;
    }
    node.members.add(last);
  }

  /** The set so far; the builder must not be used afterwards. */
  build(): FieldSet {
    return this.#root;
  }
}

/** Paths in either set. */
export function unionSets(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(a)) return b;
  if (isEmptySet(b)) return a;
  const children = new Map(a.children);
  for (const [element, child] of b.children) {
    const mine = children.get(element);
    children.set(element, mine === undefined ? child : unionSets(mine, child));
  }
  return { members: new Set([...a.members, ...b.members]), children };
}

/** Paths in both sets. */
export function intersectSets(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(a) || isEmptySet(b)) return EMPTY_SET;
  const members = new Set<PathElement>();
  for (const element of a.members) if (b.members.has(element)) members.add(element);
  const children = new Map<PathElement, FieldSet>();
  for (const [element, child] of a.children) {
    const other = b.children.get(element);
    if (other === undefined) continue;
    const both = intersectSets(child, other);
    if (!isEmptySet(both)) children.set(element, both);
  }
  return { members, children };
}

/** Paths of `a` that are not in `b`; paths below a path of `b` stay. The same set when nothing goes. */
export function subtractSet(a: FieldSet, b: FieldSet): FieldSet {
  const gone = [...b.members].some((element) => a.members.has(element));
  let children: Map<PathElement, FieldSet> | undefined;
  for (const [element, other] of b.children) {
    const child = a.children.get(element);
    if (child === undefined) continue;
    const next = subtractSet(child, other);
    if (next === child) continue;
    children ??= new Map(a.children);
    if (isEmptySet(next)) children.delete(element);
    else children.set(element, next);
  }
  if (!gone && children === undefined) return a;
  const members = gone ? withoutElements(a.members, b.members) : a.members;
  return { members, children: children ?? a.children };
}

function withoutElements(members: ReadonlySet<PathElement>, gone: ReadonlySet<PathElement>): ReadonlySet<PathElement> {
  const kept = new Set(members);
  for (const element of gone) kept.delete(element);
  return kept;
}

/** Paths of `a` that are neither in `b` nor below a path of `b`. The same set when nothing goes. */
export function subtractSubtrees(a: FieldSet, b: FieldSet): FieldSet {
  const gone = [...b.members].some((element) => a.members.has(element) || a.children.has(element));
  let children: Map<PathElement, FieldSet> | undefined;
  for (const [element, other] of b.children) {
    const child = a.children.get(element);
    if (child === undefined) continue;
    const next = subtractSubtrees(child, other);
    if (next === child) continue;
    children ??= new Map(a.children);
    if (isEmptySet(next)) children.delete(element);
    else children.set(element, next);
  }
  if (!gone) return children === undefined ? a : { members: a.members, children };
  children ??= new Map(a.children);
  for (const element of b.members) children.delete(element);
  return { members: withoutElements(a.members, b.members), children };
}

/** True when both hold the same paths. */
export function equalSets(a: FieldSet, b: FieldSet): boolean {
  if (a === b) return true;
  if (a.members.size !== b.members.size || a.children.size !== b.children.size) return false;
  for (const element of a.members) if (!b.members.has(element)) return false;
  for (const [element, child] of a.children) {
    const other = b.children.get(element);
    if (other === undefined || !equalSets(child, other)) return false;
  }
  return true;
}

/** True when the path itself is in the set. */
export function hasPath(set: FieldSet, path: FieldPath): boolean {
  let node: FieldSet | undefined = set;
  for (const [index, element] of path.entries()) {
    if (index === path.length - 1) return node.members.has(element);
    node = node.children.get(element);
    if (node === undefined) return false;
  }
  return false;
}

/** Every path, in the order Kubernetes lists them: those that end at a node before those that go on below it. */
export function pathsOf(set: FieldSet): readonly FieldPath[] {
  const paths: FieldPath[] = [];
  collect(set, [], paths);
  return paths;
}

function collect(set: FieldSet, prefix: FieldPath, paths: FieldPath[]): void {
  for (const element of sortedElements(set.members)) paths.push([...prefix, element]);
  for (const element of sortedElements(set.children.keys())) {
    const child = set.children.get(element);
    if (child !== undefined) collect(child, [...prefix, element], paths);
  }
}

/** Steps in Kubernetes' order. */
export function sortedElements(elements: Iterable<PathElement>): readonly PathElement[] {
  return [...elements].sort(compareElements);
}
