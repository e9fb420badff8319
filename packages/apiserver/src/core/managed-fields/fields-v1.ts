// fieldsV1: a field set as a JSON tree whose member names are path steps (meta/v1 FieldsV1).
import { isJsonObject } from "@coracle/api";
import type { JsonObject } from "@coracle/api";
import { err, ok } from "@coracle/base";
import type { Result } from "@coracle/base";
import { JSON_DEPTH_MAX } from "../json/mod.ts";
import { EMPTY_SET, isEmptySet, sortedElements } from "./field-set.ts";
import type { FieldSet } from "./field-set.ts";
import { parsePathElement } from "./path-element.ts";
import type { PathElement } from "./path-element.ts";

/** Deepest tree that is read: as deep as an object may be. */
const FIELDS_V1_DEPTH_MAX = JSON_DEPTH_MAX;

/** Writes a set; members in Kubernetes' order, `.` for a node that is itself in the set. */
export function encodeFieldsV1(set: FieldSet): JsonObject {
  return encodeNode(set, false);
}

// Every member's name starts with its kind and a colon, so none is __proto__ or looks like an index.
function encodeNode(set: FieldSet, isMember: boolean): JsonObject {
  const tree: Record<string, JsonObject> = {};
  if (isMember) tree["."] = {};
  const all = set.children.size === 0 ? set.members : new Set([...set.members, ...set.children.keys()]);
  for (const element of sortedElements(all)) {
    const child = set.children.get(element);
    tree[element] = child === undefined ? {} : encodeNode(child, set.members.has(element));
  }
  return tree;
}

/** Reads a set. Steps of unknown kinds are left out; malformed ones are an error with a message. */
export function decodeFieldsV1(fields: unknown): Result<FieldSet, string> {
  if (fields === undefined || fields === null) return ok(EMPTY_SET);
  const node = decodeNode(fields, 0);
  return node.ok ? ok(node.value.set) : node;
}

interface Node {
  readonly set: FieldSet;
  /** The node's own path is in the set: it has nothing below it, or says so with `.`. */
  readonly isMember: boolean;
}

function decodeNode(fields: unknown, depth: number): Result<Node, string> {
  if (!isJsonObject(fields)) return err("expected an object in fieldsV1");
  if (depth > FIELDS_V1_DEPTH_MAX) return err("fieldsV1 is nested too deeply");
  const members = new Set<PathElement>();
  const children = new Map<PathElement, FieldSet>();
  for (const [name, value] of Object.entries(fields)) {
    if (name === ".") continue;
    const parsed = parsePathElement(name);
    if (parsed.kind === "unknown") continue;
    if (parsed.kind === "malformed") return err(`parsing key as path element: ${parsed.message}`);
    const child = decodeNode(value, depth + 1);
    if (!child.ok) return child;
    if (child.value.isMember) members.add(parsed.element);
    if (!isEmptySet(child.value.set)) children.set(parsed.element, child.value.set);
  }
  const set = { members, children };
  return ok({ set, isMember: Object.hasOwn(fields, ".") || isEmptySet(set) });
}
