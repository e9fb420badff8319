// Moving from client-side to server-side apply: what kubectl's last-applied annotation says about ownership
// (apimachinery managedfields lastapplied).
import { isJsonObject } from "@coracle/api";
import type { JsonObject } from "@coracle/api";
import { canonicalJson, valueAt, withValueAt } from "../json/mod.ts";
import { EMPTY_SET, subtractSet } from "./field-set.ts";
import type { FieldSet } from "./field-set.ts";
import { compareTyped } from "./typed-compare.ts";
import { fieldsOf } from "./typed-fields.ts";
import type { TypedNode } from "./typed-schema.ts";
import { typedErrors } from "./typed-validate.ts";

/** The only manager the annotation concerns; others opt out of the move by having another name. */
export const LAST_APPLIED_MANAGER = "kubectl";

const ANNOTATION = ["metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"];
const ANNOTATIONS_BYTES_MAX = 256 * 1024;

/** Fields that client-side apply set last and that still have that value: an apply may take them without conflict. */
export function fieldsLastApplied(live: JsonObject, node: TypedNode): FieldSet {
  const annotation = valueAt(live, ANNOTATION);
  const applied = typeof annotation === "string" ? parsed(annotation) : undefined;
  if (!isJsonObject(applied) || applied["apiVersion"] !== live["apiVersion"]) return EMPTY_SET;
  const strict = { allowDuplicates: false };
  if (typedErrors(applied, node, strict).length > 0 || typedErrors(live, node, strict).length > 0) return EMPTY_SET;
  const { modified, added, removed } = compareTyped(applied, live, node);
  return subtractSet(subtractSet(subtractSet(fieldsOf(applied, node), modified), added), removed);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The merged object with the annotation saying what was applied now, where it has one; too large a text is dropped. */
export function withLastApplied(merged: JsonObject, applied: JsonObject): JsonObject {
  const current = valueAt(merged, ANNOTATION);
  if (typeof current !== "string" || current === "") return merged;
  const text = `${canonicalJson(withValueAt(applied, ANNOTATION, undefined))}\n`;
  const next = withValueAt(merged, ANNOTATION, text);
  return annotationsSize(next) > ANNOTATIONS_BYTES_MAX ? withValueAt(merged, ANNOTATION, undefined) : next;
}

function annotationsSize(object: JsonObject): number {
  const annotations = valueAt(object, ["metadata", "annotations"]);
  if (!isJsonObject(annotations)) return 0;
  const encoder = new TextEncoder();
  let size = 0;
  for (const [name, value] of Object.entries(annotations)) size += encoder.encode(name + String(value)).length;
  return size;
}
