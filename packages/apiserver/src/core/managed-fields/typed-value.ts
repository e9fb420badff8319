// Walking a value along its typed node: which of the possible types it has, and the path steps of list items.
import { isJsonObject } from "@coracle/api";
import type { JsonObject } from "@coracle/api";
import { err, ok } from "@coracle/base";
import type { Result } from "@coracle/base";
import { orderedKeyElement, valueElement } from "./path-element.ts";
import type { PathElement } from "./path-element.ts";
import type { ListNode, MapNode, TypedNode } from "./typed-schema.ts";

/** The one thing a value is taken for. */
export type Shape =
  | { readonly kind: "map"; readonly map: MapNode }
  | { readonly kind: "scalar"; readonly scalar: NonNullable<TypedNode["scalar"]> }
  | { readonly kind: "list"; readonly list: ListNode };

/**
 * What a value is where several types are possible; a value that fits none (null, or a wrong type) is taken for the first
 * possible of map, scalar, list.
 */
export function shapeOf(node: TypedNode, value: unknown): Shape {
  if (isJsonObject(value) && node.map !== undefined) return { kind: "map", map: node.map };
  if (Array.isArray(value) && node.list !== undefined) return { kind: "list", list: node.list };
  if (isScalar(value) && node.scalar !== undefined) return { kind: "scalar", scalar: node.scalar };
  if (node.map !== undefined) return { kind: "map", map: node.map };
  if (node.scalar !== undefined) return { kind: "scalar", scalar: node.scalar };
  return { kind: "list", list: node.list ?? NO_LIST };
}

const NO_LIST: ListNode = {
  kind: "atomic",
  keys: [],
  item: () => ({ scalar: "untyped", list: undefined, map: undefined }),
  keyDefault: () => undefined,
};

/** True when two values at one place are taken for the same thing; null fits whatever the other is. */
export function sameShape(node: TypedNode, a: unknown, b: unknown): boolean {
  return a === undefined || b === undefined || shapeOf(node, a).kind === shapeOf(node, b).kind;
}

/** True for text, numbers and booleans. */
export function isScalar(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

/** The value as an object, or undefined for null and everything else. */
export function asMap(value: unknown): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined;
}

/** The value as a list, or undefined for null and everything else. */
export function asList(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

/** Path step of a list item; an error when the item has no keys or cannot be in a set. */
export function itemElement(list: ListNode, item: unknown): Result<PathElement, string> {
  if (list.kind === "set") return setElement(item);
  if (item === null) return err("associative list with keys may not have a null element");
  if (!isJsonObject(item)) return err("associative list with keys may not have non-map elements");
  const keys: [string, unknown][] = [];
  for (const name of list.keys) {
    const value = item[name] ?? list.keyDefault(name);
    if (value !== undefined) keys.push([name, value]);
  }
  if (keys.length > 0 || list.keys.length === 0) return ok(orderedKeyElement(keys));
  const names = `[${list.keys.map((name) => JSON.stringify(name)).join(" ")}]`;
  return err(
    `associative list with keys has an element that omits all key fields ${names} (and doesn't have default values for any key fields)`,
  );
}

function setElement(item: unknown): Result<PathElement, string> {
  if (isJsonObject(item)) return err("associative list without keys has an element that's a map type");
  if (Array.isArray(item)) return err("not supported: associative list with lists as elements");
  if (item === null) return err("associative list without keys has an element that's an explicit null");
  return ok(valueElement(item));
}
