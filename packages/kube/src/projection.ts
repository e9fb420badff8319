// Projections: which fields of an object are built at all, compiled to a tree the streaming parser walks beside the bytes.
import { err, ok, type Result } from "@coracle/base";
import { type FieldPath, type FieldPathError, parseFieldPath } from "./field-path.ts";
import type { JsonValue } from "./object.ts";

/** What to do with the value a node stands for. */
export type ProjectionAction =
  /** Build all of it. */
  | "keep"
  /** Build none of it. */
  | "drop"
  /** Build it as far as the members and elements say. */
  | "descend";

/** One place in the tree. Immutable once compiled. */
export interface ProjectionNode {
  readonly action: ProjectionAction;
  /** Members by name, with the UTF-8 bytes of each name. */
  readonly members: readonly ProjectionMember[];
  /** For members not listed. */
  readonly anyMember: ProjectionNode | undefined;
  /** For elements; absent means an array here is dropped. */
  readonly element: ProjectionNode | undefined;
}

/** A member a projection names. */
export interface ProjectionMember {
  readonly name: string;
  readonly nameBytes: Uint8Array;
  readonly node: ProjectionNode;
}

/** A compiled projection. */
export interface Projection {
  /** The paths it was made of, for messages and cursors. */
  readonly paths: readonly string[];
  readonly root: ProjectionNode;
}

/** Builds all of a value. */
export const KEEP_NODE: ProjectionNode = {
  action: "keep",
  members: [],
  anyMember: undefined,
  element: undefined,
};

/** Builds none of it. */
export const DROP_NODE: ProjectionNode = { ...KEEP_NODE, action: "drop" };

/** Always built, since a follower tells objects and their states apart by them. */
export const IDENTITY_PATHS: readonly string[] = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "metadata.resourceVersion",
];

/** Pods as the watcher's IP lookups and tables need them. */
export const POD_NETWORK_PATHS: readonly string[] = [
  "metadata.labels",
  "metadata.deletionTimestamp",
  "spec.nodeName",
  "spec.hostNetwork",
  "status.phase",
  "status.podIPs[].ip",
];

/** What a name listing needs, for every kind. */
export const NAME_PATHS: readonly string[] = ["kind", "apiVersion", "metadata.creationTimestamp"];

/** Most paths in one projection. */
const PATHS_MAX = 1024;
/** Most steps in one path. */
const STEPS_MAX = 64;

/** The whole object without `metadata.managedFields`, which can be over half of it. */
export const FULL_PROJECTION: Projection = {
  paths: [""],
  root: objectNode([["metadata", objectNode([["managedFields", DROP_NODE]], KEEP_NODE)]], KEEP_NODE),
};

/** The whole object with everything. */
export const UNTRIMMED_PROJECTION: Projection = {
  paths: ["", "metadata.managedFields"],
  root: objectNode([], KEEP_NODE),
};

/**
 * Compiles paths (grammar in `parseFieldPath`) into a projection; the identity paths are always added. A path that is a
 * prefix of another wins over it. `managedFields` come only when a path names them.
 */
export function compileProjection(paths: readonly string[]): Result<Projection, FieldPathError> {
  if (paths.length > PATHS_MAX) return tooMany(`${paths.length} paths are more than ${PATHS_MAX}`);
  const root = makeDraft();
  for (const text of [...IDENTITY_PATHS, ...paths]) {
    const path = parseFieldPath(text);
    if (!path.ok) return path;
    if (path.value.length > STEPS_MAX) return tooMany(`${path.value.length} steps are more than ${STEPS_MAX}`);
    insert(root, path.value);
  }
  dropManagedFields(root);
  return ok({ paths: [...paths], root: freeze(root) });
}

/** A projection node of an object from its members; the building block of the parser's own document shapes. */
export function objectNode(
  members: readonly (readonly [string, ProjectionNode])[],
  anyMember?: ProjectionNode,
): ProjectionNode {
  const encoder = new TextEncoder();
  return {
    action: "descend",
    members: members.map(([name, node]) => ({
      name,
      nameBytes: encoder.encode(name),
      node,
    })),
    anyMember,
    element: undefined,
  };
}

/** The member of `node` whose name is `bytes[start, end)`, compared without decoding. */
export function findMember(
  node: ProjectionNode,
  bytes: Uint8Array,
  start: number,
  end: number,
): ProjectionMember | undefined {
  const members = node.members;
  const size = end - start;
  for (let index = 0; index < members.length; index++) {
    const member = members[index];
    if (member === undefined) break;
    const name = member.nameBytes;
    if (name.length !== size) continue;
    let same = 0;
    while (same < size && name[same] === bytes[start + same]) same++;
    if (same === size) return member;
  }
  return undefined;
}

/** A projection node of an array whose elements are built as `element` says. */
export function arrayNode(element: ProjectionNode): ProjectionNode {
  return { action: "descend", members: [], anyMember: undefined, element };
}

/**
 * The projection of a value that is already parsed; `undefined` when nothing of it is wanted. The streaming parser gives
 * the same from bytes. Depth is bounded by the node for projected parts; kept parts are not walked.
 */
export function projectValue(node: ProjectionNode, value: JsonValue): JsonValue | undefined {
  if (node.action === "drop") return undefined;
  if (node.action === "keep") return value;
  if (value === null || typeof value !== "object") return undefined;
  if (isArray(value)) {
    const element = node.element;
    if (element === undefined) return undefined;
    return value.map((item) => projectValue(element, item)).filter((item) => item !== undefined);
  }
  if (node.members.length === 0 && node.anyMember === undefined) return undefined;
  const result: Record<string, JsonValue> = {};
  for (const [name, member] of Object.entries(value)) {
    const child = node.members.find((candidate) => candidate.name === name)?.node ?? node.anyMember;
    if (child === undefined || member === undefined) continue;
    const projected = projectValue(child, member);
    if (projected !== undefined) setMember(result, name, projected);
  }
  return result;
}

/** Sets an own member even when it is called `__proto__`. */
export function setMember(target: Record<string, JsonValue>, name: string, value: JsonValue): void {
  if (name === "__proto__") {
    Object.defineProperty(target, name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  } else target[name] = value;
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

interface Draft {
  keep: boolean;
  dropped: boolean;
  readonly members: Map<string, Draft>;
  anyMember: Draft | undefined;
  element: Draft | undefined;
}

function makeDraft(): Draft {
  return {
    keep: false,
    dropped: false,
    members: new Map(),
    anyMember: undefined,
    element: undefined,
  };
}

function insert(root: Draft, path: FieldPath): void {
  let draft = root;
  for (const step of path) {
    let next: Draft | undefined;
    if (step.kind === "member") {
      next = draft.members.get(step.name) ?? makeDraft();
      draft.members.set(step.name, next);
    } else if (step.kind === "any-member") next = draft.anyMember ??= makeDraft();
    else next = draft.element ??= makeDraft();
    draft = next;
  }
  draft.keep = true;
}

/** Says that managedFields stay out of whatever keeps all of the metadata, unless a path asks for them. */
function dropManagedFields(root: Draft): void {
  const metadata = root.members.get("metadata");
  if (metadata === undefined || metadata.members.has("managedFields")) return;
  metadata.members.set("managedFields", { ...makeDraft(), dropped: true });
}

function freeze(draft: Draft): ProjectionNode {
  if (draft.dropped) return DROP_NODE;
  if (draft.keep && !hasDropped(draft)) return KEEP_NODE;
  // Keeping all but something is keeping every member, that one excepted.
  const any = draft.keep ? { ...makeDraft(), keep: true } : draft.anyMember;
  const members = [...draft.members].map(([name, member]) => [name, freezeMember(member, any)] as const);
  const node = objectNode(members, any === undefined ? undefined : freeze(any));
  return draft.element === undefined ? node : { ...node, element: freeze(draft.element) };
}

/** A member listed by name is also under `*`: both say what is kept of it, and an outright drop wins. */
function freezeMember(member: Draft, any: Draft | undefined): ProjectionNode {
  return freeze(member.dropped || any === undefined ? member : merge(member, any));
}

function merge(a: Draft, b: Draft): Draft {
  const merged: Draft = {
    keep: a.keep || b.keep,
    dropped: a.dropped || b.dropped,
    members: new Map(b.members),
    anyMember: mergeOptional(a.anyMember, b.anyMember),
    element: mergeOptional(a.element, b.element),
  };
  for (const [name, member] of a.members) {
    const other = merged.members.get(name);
    merged.members.set(name, other === undefined ? member : merge(member, other));
  }
  return merged;
}

function mergeOptional(a: Draft | undefined, b: Draft | undefined): Draft | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return merge(a, b);
}

function hasDropped(draft: Draft): boolean {
  if (draft.dropped) return true;
  for (const member of draft.members.values()) if (hasDropped(member)) return true;
  return false;
}

function tooMany(what: string): Result<never, FieldPathError> {
  return err({
    code: "INVALID_FIELD_PATH",
    message: `Cannot compile a projection: ${what}`,
  });
}
