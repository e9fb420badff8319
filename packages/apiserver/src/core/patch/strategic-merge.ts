// Strategic merge patch: a merge patch whose lists merge by key, as the schema says (Kubernetes strategicpatch; built-in kinds only).
import { isJsonObject } from "@coracle/api";
import type { JsonObject, StructuralSchema } from "@coracle/api";
import { orderedLike } from "./list-order.ts";
import { mergeLists } from "./strategic-list.ts";
import { PatchFormatError } from "./patch-format-error.ts";
import { withoutDirectives, withoutNullMembers } from "./strategic-directive.ts";

const DELETE_FROM_LIST = "$deleteFromPrimitiveList/";
const ELEMENT_ORDER = "$setElementOrder/";
const RETAIN_KEYS = "$retainKeys";

/**
 * Merges `patch` into `original` by the schema's patch strategies. Never changes its arguments.
 * @throws PatchFormatError for a patch that is not well formed; callers turn it into a failure.
 */
export function strategicMerge(
  original: JsonObject,
  patch: JsonObject,
  schema: StructuralSchema | undefined,
): JsonObject {
  const directive = patch["$patch"];
  if (directive !== undefined) return mapDirective(directive, patch);
  const result = new Map(Object.entries(retained(original, patch)));
  const pending = new Map(Object.entries(patch));
  pending.delete(RETAIN_KEYS);
  for (const [name, order] of Object.entries(patch)) {
    if (name.startsWith(ELEMENT_ORDER)) applyElementOrder({ result, pending, name, order, schema });
  }
  for (const [name, value] of pending) {
    if (name.startsWith(DELETE_FROM_LIST)) deleteFromList(result, name.slice(DELETE_FROM_LIST.length), value);
    else mergeMember(result, name, value, fieldSchema(schema, name));
  }
  return Object.fromEntries(result);
}

function mapDirective(directive: unknown, patch: JsonObject): JsonObject {
  if (directive === "delete") return {};
  if (directive !== "replace")
    throw new PatchFormatError(500, `unknown patch type: ${JSON.stringify(directive)} in map`);
  return Object.fromEntries(Object.entries(patch).filter(([name]) => name !== "$patch"));
}

// $retainKeys names every member that survives; the patch may not set another.
function retained(original: JsonObject, patch: JsonObject): JsonObject {
  const keep = patch[RETAIN_KEYS];
  if (keep === undefined) return original;
  if (!Array.isArray(keep)) throw new PatchFormatError(400, "invalid patch format of retainKeys");
  const names = new Set<unknown>(keep);
  for (const [name, value] of Object.entries(patch)) {
    const isDirective = name === RETAIN_KEYS || name.startsWith(DELETE_FROM_LIST) || name.startsWith(ELEMENT_ORDER);
    if (value !== null && !isDirective && !names.has(name)) {
      throw new PatchFormatError(400, "invalid patch format of retainKeys");
    }
  }
  return Object.fromEntries(Object.entries(original).filter(([name]) => names.has(name)));
}

interface ElementOrder {
  readonly result: Map<string, unknown>;
  readonly pending: Map<string, unknown>;
  readonly name: string;
  readonly order: unknown;
  readonly schema: StructuralSchema | undefined;
}

function applyElementOrder(of: ElementOrder): void {
  const field = of.name.slice(ELEMENT_ORDER.length);
  const { order } = of;
  of.pending.delete(of.name);
  if (!Array.isArray(order)) throw new PatchFormatError(500, "expected a []interface {}, but received another type");
  const original = listOrAbsent(of.result.get(field));
  const patch = listOrAbsent(of.pending.get(field));
  if (original === undefined && patch === undefined) return;
  const schema = fieldSchema(of.schema, field);
  const mergeKey = schema?.patchMergeKey;
  checkOrder(patch ?? [], order, mergeKey);
  let merged = original ?? withoutDirectiveItems(patch ?? []);
  if (original !== undefined && patch !== undefined) {
    merged = isMergeList(schema) ? mergeField(original, patch, schema) : patch;
  }
  of.result.set(field, orderedLike({ merged, wanted: order, live: original ?? [], mergeKey }));
  of.pending.delete(field);
}

function listOrAbsent(value: unknown): readonly unknown[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return value;
  throw new PatchFormatError(500, "expected a []interface {}, but received another type");
}

// Items of the patch must come in the order that the order list names them in.
function checkOrder(patch: readonly unknown[], order: readonly unknown[], mergeKey: string | undefined): void {
  if (patch.length === 0 || order.length === 0) return;
  const key = (item: unknown): unknown => (mergeKey !== undefined && isJsonObject(item) ? item[mergeKey] : item);
  let at = 0;
  for (const item of patch) {
    if (isJsonObject(item) && item["$patch"] !== undefined) continue;
    while (at < order.length && key(order[at]) !== key(item)) at += 1;
    if (at >= order.length) {
      throw new PatchFormatError(500, "The order in patch list doesn't match $setElementOrder list");
    }
    at += 1;
  }
}

function deleteFromList(result: Map<string, unknown>, field: string, values: unknown): void {
  const current = result.get(field);
  if (!Array.isArray(current)) return;
  if (!Array.isArray(values)) throw new PatchFormatError(400, "invalid patch format of primitive list");
  const gone = new Set<unknown>(values);
  result.set(
    field,
    current.filter((item) => !gone.has(item)),
  );
}

function mergeMember(
  result: Map<string, unknown>,
  name: string,
  value: unknown,
  schema: StructuralSchema | undefined,
): void {
  if (value === null) {
    result.delete(name);
    return;
  }
  const current = result.get(name);
  if (isJsonObject(current) && isJsonObject(value)) {
    const replaces = strategies(schema).includes("replace");
    result.set(name, replaces ? value : strategicMerge(current, value, schema));
  } else if (Array.isArray(current) && Array.isArray(value)) {
    result.set(name, isMergeList(schema) ? mergeField(current, value, schema) : value);
  } else {
    // A directive of its own where nothing is to be merged leaves nothing behind.
    const kept = withoutDirectives(withoutNullMembers(value));
    if (kept === undefined) result.delete(name);
    else result.set(name, kept);
  }
}

function mergeField(
  original: readonly unknown[],
  patch: readonly unknown[],
  schema: StructuralSchema,
): readonly unknown[] {
  return mergeLists(original, patch, {
    mergeKey: schema.patchMergeKey,
    mergeItem: (item, change) => strategicMerge(item, change, schema.items),
  });
}

function withoutDirectiveItems(items: readonly unknown[]): readonly unknown[] {
  return items.map(withoutDirectives).filter((item) => item !== undefined);
}

function fieldSchema(schema: StructuralSchema | undefined, name: string): StructuralSchema | undefined {
  const properties = schema?.properties;
  if (properties !== undefined && Object.hasOwn(properties, name)) return properties[name];
  return schema?.additionalProperties;
}

function isMergeList(schema: StructuralSchema | undefined): schema is StructuralSchema {
  return strategies(schema).includes("merge");
}

function strategies(schema: StructuralSchema | undefined): readonly string[] {
  return schema?.patchStrategy?.split(",") ?? [];
}
