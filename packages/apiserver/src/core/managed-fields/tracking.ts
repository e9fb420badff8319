// What a tracked write knows about its kind, its endpoint and its writer.
import { alwaysWritten, isJsonObject } from "@coracle/api";
import type { JsonObject, StructuralSchema } from "@coracle/api";
import { EMPTY_SET, fieldSetOf } from "./field-set.ts";
import type { TypedKind } from "./ownership.ts";
import { fieldElement } from "./path-element.ts";
import { rootNode } from "./typed-schema.ts";

/** One write, as field tracking sees it. */
export interface FieldTracking {
  /** Schema of the whole object. */
  readonly schema: StructuralSchema;
  /** Kinds compiled into Kubernetes: their structs exist even where nothing is in them. */
  readonly builtIn: boolean;
  /** For example `network.coracle.dev/v1alpha1`. */
  readonly apiVersion: string;
  /** Empty for the main resource, else for example `status`. */
  readonly subresource: string;
  /** Name the fields are tracked under. */
  readonly manager: string;
  /** Time of the write, in whole seconds: `2026-01-02T03:04:05Z`. */
  readonly nowRfc3339: string;
  /** Member paths this endpoint resets and nobody comes to own through it, for example [["status"]]. */
  readonly resetFields?: readonly (readonly string[])[];
}

/** The kind and endpoint in the terms of the ownership rules. */
export function typedKindOf(tracking: FieldTracking): TypedKind {
  const { resetFields } = tracking;
  const ignored =
    resetFields === undefined || resetFields.length === 0
      ? EMPTY_SET
      : fieldSetOf(resetFields.map((path) => path.map(fieldElement)));
  return { node: rootNode(tracking.schema), apiVersion: tracking.apiVersion, ignored };
}

/** An object nobody has written yet; where a creation starts from. */
export function emptyObject(tracking: FieldTracking, kind: unknown): JsonObject {
  const always = tracking.builtIn ? alwaysWritten(tracking.schema.definitionName) : undefined;
  return withStructs({ ...always, apiVersion: tracking.apiVersion, kind }, tracking);
}

// Structs that Go holds by value are there in every object of a built-in kind, so the first write does not add them.
const STRUCTS: readonly string[] = ["metadata", "spec", "status", "involvedObject", "source"];

/** The object with the structs, and the lists without which their struct is not valid, that Go would show. */
export function withStructs(object: JsonObject, tracking: FieldTracking): JsonObject {
  if (!tracking.builtIn) return object;
  const structs: [string, unknown][] = [];
  for (const name of STRUCTS) {
    const schema = tracking.schema.properties?.[name];
    if (schema?.properties === undefined) continue;
    const value = object[name];
    if (value === undefined || value === null) structs.push([name, nullLists(schema)]);
    else if (isJsonObject(value)) structs.push([name, { ...nullLists(schema), ...value }]);
  }
  return structs.length === 0 ? object : { ...object, ...Object.fromEntries(structs) };
}

function nullLists(schema: StructuralSchema): JsonObject {
  const required = schema.required ?? [];
  const lists = required.filter((name) => schema.properties?.[name]?.type === "array");
  return Object.fromEntries(lists.map((name) => [name, null]));
}
