// Dropping what a schema does not know, and nulls that mean "not given" (apiextensions structural pruning).
import { isJsonObject } from "@coracle/api";
import type { JsonObject, StructuralSchema } from "@coracle/api";

/** An object without unknown fields, and the paths of what was dropped, for example "spec.list[0].foo", in their order. */
export interface Pruned {
  /** The object that was given, when nothing was dropped. */
  readonly object: JsonObject;
  readonly unknownFields: readonly string[];
}

/**
 * Drops fields the schema does not name, at any depth, and null members that are neither nullable nor defaulted.
 * Values of another JSON type than the schema's are left for validation to refuse.
 */
export function pruneUnknownFields(object: JsonObject, schema: StructuralSchema): Pruned {
  const unknown: string[] = [];
  const pruned = pruneMembers(object, schema, enter({ path: "", unknown, isGoType: false }, "", schema));
  return { object: pruned, unknownFields: inServerOrder(unknown) };
}

interface Place {
  readonly path: string;
  readonly unknown: string[];
  /** Inside a type that Kubernetes compiles in; there null in a map of texts reads as the empty text. */
  readonly isGoType: boolean;
}

function enter(place: Place, path: string, schema: StructuralSchema): Place {
  const name = schema.definitionName;
  return { path, unknown: place.unknown, isGoType: name === undefined ? place.isGoType : name.startsWith("io.k8s.") };
}

function prune(value: unknown, schema: StructuralSchema, place: Place): unknown {
  if (Array.isArray(value)) return pruneItems(value, schema, place);
  return isJsonObject(value) ? pruneMembers(value, schema, place) : value;
}

function pruneItems(list: readonly unknown[], schema: StructuralSchema, place: Place): readonly unknown[] {
  const { items } = schema;
  if (items === undefined) return list;
  let changed = false;
  const kept = list.map((item, index) => {
    const next = prune(item, items, enter(place, `${place.path}[${index}]`, items));
    changed ||= next !== item;
    return next;
  });
  return changed ? kept : list;
}

function pruneMembers(object: JsonObject, schema: StructuralSchema, place: Place): JsonObject {
  let changed = false;
  const kept: (readonly [string, unknown])[] = [];
  for (const [name, value] of Object.entries(object)) {
    const path = place.path === "" ? name : `${place.path}.${name}`;
    const child = memberSchema(schema, name);
    if (child === undefined) {
      if (schema.preserveUnknownFields === true) kept.push([name, value]);
      else place.unknown.push(path);
      changed ||= schema.preserveUnknownFields !== true;
    } else if (value === null && child.nullable !== true && child.default === undefined) {
      changed = true;
      if (place.isGoType && child === schema.additionalProperties && isText(child)) kept.push([name, ""]);
    } else {
      const next = prune(value, child, enter(place, path, child));
      changed ||= next !== value;
      kept.push([name, next]);
    }
  }
  return changed ? Object.fromEntries(kept) : object;
}

function memberSchema(schema: StructuralSchema, name: string): StructuralSchema | undefined {
  const { properties, additionalProperties } = schema;
  if (properties !== undefined && Object.hasOwn(properties, name)) return properties[name];
  return additionalProperties;
}

function isText(schema: StructuralSchema): boolean {
  return schema.type === "string" && schema.format === undefined;
}

// The server looks at the metadata first and sorts the rest.
function inServerOrder(paths: readonly string[]): readonly string[] {
  const isMetadata = (path: string): boolean => path.startsWith("metadata.");
  return [...paths.filter(isMetadata).toSorted(), ...paths.filter((path) => !isMetadata(path)).toSorted()];
}
