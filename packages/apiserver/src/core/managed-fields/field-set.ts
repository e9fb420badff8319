// Sets of field paths and their algebra (structured-merge-diff fieldpath.Set). A set does not hold the parents of its paths.
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

  /** Adds a path; the path to the whole object is nobody's and is not added. */
  insert(path: FieldPath): void {
    const last = path.at(-1);
    if (last === undefined) return;
    let node = this.#root;
    for (let index = 0; index < path.length - 1; index += 1) {
      const element = path[index] ?? "";
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
  const members = new Set([...a.members].filter((element) => b.members.has(element)));
  const children = mapChildren(a, (element, child) => {
    const other = b.children.get(element);
    return other === undefined ? EMPTY_SET : intersectSets(child, other);
  });
  return { members, children };
}

/** Paths of `a` that are not in `b`; paths below a path of `b` stay. */
export function subtractSet(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(b)) return a;
  const members = new Set([...a.members].filter((element) => !b.members.has(element)));
  const children = mapChildren(a, (element, child) => {
    const other = b.children.get(element);
    return other === undefined ? child : subtractSet(child, other);
  });
  return { members, children };
}

/** Paths of `a` that are neither in `b` nor below a path of `b`. */
export function subtractSubtrees(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(b)) return a;
  const members = new Set([...a.members].filter((element) => !b.members.has(element)));
  const children = mapChildren(a, (element, child) => {
    if (b.members.has(element)) return EMPTY_SET;
    const other = b.children.get(element);
    return other === undefined ? child : subtractSubtrees(child, other);
  });
  return { members, children };
}

function mapChildren(
  set: FieldSet,
  transform: (element: PathElement, child: FieldSet) => FieldSet,
): ReadonlyMap<PathElement, FieldSet> {
  const children = new Map<PathElement, FieldSet>();
  for (const [element, child] of set.children) {
    const next = transform(element, child);
    if (!isEmptySet(next)) children.set(element, next);
  }
  return children;
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
