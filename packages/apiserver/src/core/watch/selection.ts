// Which objects a list or watch asks for: namespace, name, labels, fields. Reads no object, only what is kept beside it.
import type { ResourceDefinition } from "@coracle/api";
import {
  badRequestStatus,
  type FieldSelector,
  type LabelSelector,
  matchLabelSelector,
  parseFieldSelector,
  parseLabelSelector,
  requiredFieldValue,
  StatusError,
} from "@coracle/kube";
import { objectKey } from "../registry/resource-key.ts";
import type { StoredObject } from "./stored-object.ts";

/** A parsed selection. Empty texts mean "any". */
export interface Selection {
  readonly definition: ResourceDefinition;
  readonly namespace: string;
  readonly name: string;
  readonly labels: LabelSelector;
  readonly fields: FieldSelector;
}

/** Where a selection comes from. */
export interface SelectionRequest {
  /** From the path; "" for all namespaces and for cluster-scoped kinds. */
  readonly namespace: string;
  /** From the path, or pinned by the field selector. */
  readonly name: string;
  readonly labelSelector: string;
  readonly fieldSelector: string;
}

/** Parses selectors; 400 for a selector that does not parse or names a field the kind does not offer. */
export function parseSelection(definition: ResourceDefinition, request: SelectionRequest): Selection {
  const labels = parseLabelSelector(request.labelSelector);
  if (!labels.ok) throw new StatusError(badRequestStatus(labels.error.message));
  const fields = parseFieldSelector(request.fieldSelector);
  if (!fields.ok) throw new StatusError(badRequestStatus(fields.error.message));
  for (const { field } of fields.value) checkField(definition, field);
  const pinned = requiredFieldValue(fields.value, "metadata.name");
  if (request.name !== "" && fields.value.length > 0 && pinned !== request.name) {
    throw new StatusError(badRequestStatus("fieldSelector metadata.name doesn't match requested name"));
  }
  const namespace = requiredFieldValue(fields.value, "metadata.namespace");
  return {
    definition,
    namespace: request.namespace === "" && definition.namespaced ? (namespace ?? "") : request.namespace,
    name: request.name === "" ? (pinned ?? "") : request.name,
    labels: labels.value,
    fields: fields.value,
  };
}

function checkField(definition: ResourceDefinition, field: string): void {
  if (field === "metadata.name" || Object.hasOwn(definition.selectableFields, field)) return;
  if (field === "metadata.namespace" && (definition.namespaced || !definition.builtIn)) return;
  throw new StatusError(badRequestStatus(`field label not supported: ${field}`));
}

/** True if nothing but namespace and name narrows the selection. */
export function isUnselective(selection: Selection): boolean {
  return selection.labels.length === 0 && selection.fields.length === 0;
}

/** The only key that can match, when namespace and name say so. */
export function singleKey(selection: Selection): string | undefined {
  if (selection.name === "") return undefined;
  if (selection.definition.namespaced && selection.namespace === "") return undefined;
  return objectKey(selection.definition, selection.namespace, selection.name);
}

/** Whether the object is selected. */
export function isSelected(selection: Selection, object: StoredObject): boolean {
  if (selection.namespace !== "" && selection.definition.namespaced && object.namespace !== selection.namespace) {
    return false;
  }
  if (selection.name !== "" && object.name !== selection.name) return false;
  for (const { field, operator, value } of selection.fields) {
    if ((fieldValue(object, field) === value) !== (operator === "=")) return false;
  }
  return selection.labels.length === 0 || matchLabelSelector(selection.labels, object.metadata.labels);
}

/** A field as selectors see it: text, "" when absent. */
export function fieldValue(object: StoredObject, field: string): string {
  if (field === "metadata.name") return object.name;
  if (field === "metadata.namespace") return object.namespace;
  return object.fields[field] ?? "";
}
