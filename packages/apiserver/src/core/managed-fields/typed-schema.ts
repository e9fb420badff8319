// How a structural schema looks to field tracking: which values merge item by item and which are one indivisible field
// (kube-openapi schemaconv).
import type { StructuralSchema } from "@coracle/api";

/** What a value may be here. Several are possible only where the schema leaves the type open. */
export interface TypedNode {
  readonly scalar: "numeric" | "string" | "boolean" | "untyped" | undefined;
  readonly list: ListNode | undefined;
  readonly map: MapNode | undefined;
}

/** A list: indivisible, a set of scalars, or items found by the values of key fields. */
export interface ListNode {
  readonly kind: "atomic" | "set" | "map";
  /** In order. */
  readonly keys: readonly string[];
  item(): TypedNode;
  /** Default of a key field, or undefined. */
  keyDefault(name: string): unknown;
}

/** An object or map. */
export interface MapNode {
  readonly isAtomic: boolean;
  /** True for members the schema names; others are entries of a map. */
  isNamed(name: string): boolean;
  /** Node of a member, or undefined when the schema allows no such member. */
  member(name: string): TypedNode | undefined;
}

/** Any value; maps and lists are indivisible. */
const UNTYPED: TypedNode = {
  scalar: "untyped",
  list: { kind: "atomic", keys: [], item: () => UNTYPED, keyDefault: () => undefined },
  map: { isAtomic: true, isNamed: () => false, member: () => UNTYPED },
};

/** Any value; maps merge member by member, lists are indivisible. */
const DEDUCED: TypedNode = {
  scalar: "untyped",
  list: { kind: "atomic", keys: [], item: () => UNTYPED, keyDefault: () => undefined },
  map: { isAtomic: false, isNamed: () => false, member: () => DEDUCED },
};

const strictNodes = new WeakMap<StructuralSchema, TypedNode>();
const openNodes = new WeakMap<StructuralSchema, TypedNode>();

/** Node of a whole object: as its schema says, and with apiVersion and kind also where the schema does not name them. */
export function rootNode(schema: StructuralSchema): TypedNode {
  return typedNode(schema, false);
}

/** `open`: a node further up keeps unknown fields, and so do all below it that are not published under a name of their own. */
function typedNode(schema: StructuralSchema, open: boolean): TypedNode {
  const isOpen = schema.preserveUnknownFields === true || (open && schema.definitionName === undefined);
  const known = isOpen ? openNodes : strictNodes;
  let node = known.get(schema);
  if (node === undefined) {
    node = makeNode(schema, isOpen);
    known.set(schema, node);
  }
  return node;
}

function makeNode(schema: StructuralSchema, open: boolean): TypedNode {
  const none = { scalar: undefined, list: undefined, map: undefined };
  if (schema.intOrString === true) return { ...none, scalar: "untyped" };
  switch (schema.type) {
    case "object":
      return { ...none, map: makeMap(schema, open) };
    case "array":
      return { ...none, list: makeList(schema, open) };
    case "integer":
    case "number":
      return { ...none, scalar: "numeric" };
    case "boolean":
      return { ...none, scalar: "boolean" };
    case "string":
      return { ...none, scalar: schema.format === undefined || schema.format === "byte" ? "string" : "untyped" };
    default:
      return { scalar: "untyped", list: makeList(schema, open), map: makeMap(schema, open) };
  }
}

const TYPE_META: ReadonlySet<string> = new Set(["apiVersion", "kind"]);
const TEXT: TypedNode = { scalar: "string", list: undefined, map: undefined };

function makeMap(schema: StructuralSchema, open: boolean): MapNode {
  const { properties, additionalProperties } = schema;
  const isResource = properties !== undefined && Object.hasOwn(properties, "metadata");
  const other = (): TypedNode | undefined => {
    if (additionalProperties !== undefined) return typedNode(additionalProperties, open);
    const isFreeForm = properties === undefined || Object.keys(properties).length === 0;
    return open || isFreeForm ? DEDUCED : undefined;
  };
  const members = new Map<string, TypedNode>();
  for (const name of Object.keys(properties ?? {})) {
    const property = properties?.[name];
    if (property !== undefined) members.set(name, typedNode(property, open));
  }
  if (isResource) for (const name of TYPE_META) if (!members.has(name)) members.set(name, TEXT);
  const entry = other();
  return {
    isAtomic: schema.mapType === "atomic",
    isNamed: (name) => members.has(name),
    member: (name) => members.get(name) ?? entry,
  };
}

function makeList(schema: StructuralSchema, open: boolean): ListNode {
  const { items } = schema;
  const { kind, keys } = listRelationship(schema);
  const item = items === undefined ? UNTYPED : typedNode(items, open);
  return {
    kind,
    // Steps spell their keys in order.
    keys: keys.toSorted(),
    item: () => item,
    keyDefault: (name) => items?.properties?.[name]?.default,
  };
}

// Kinds older than the list type say the same thing through their patch strategy.
function listRelationship(schema: StructuralSchema): Pick<ListNode, "kind" | "keys"> {
  switch (schema.listType) {
    case "atomic":
      return { kind: "atomic", keys: [] };
    case "set":
      return { kind: "set", keys: [] };
    case "map":
      return { kind: "map", keys: schema.listMapKeys ?? [] };
    case undefined:
      break;
  }
  if (schema.patchStrategy?.startsWith("merge") !== true) return { kind: "atomic", keys: [] };
  return schema.patchMergeKey === undefined ? { kind: "set", keys: [] } : { kind: "map", keys: [schema.patchMergeKey] };
}
