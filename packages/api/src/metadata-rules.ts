// Rules of ObjectMeta for every kind (apimachinery pkg/api/validation), with the messages of kube-apiserver.
import { type FieldError, forbidden, invalid, required, tooLong } from "./field-error.ts";
import { jsonEqual } from "./json.ts";
import { asPrefix, checkDnsLabel, checkLabelValue, checkQualifiedName, type NameCheck } from "./names.ts";
import type { ManagedFieldsEntry, ObjectMeta, OwnerReference } from "./object-meta.ts";

/** Sum of the sizes of annotation keys and values. */
export const ANNOTATIONS_SIZE_BYTES_MAX: number = 256 * 1024;

const MANAGER_LENGTH_MAX = 128;
const SUBRESOURCE_LENGTH_MAX = 256;

/** What distinguishes the metadata of one kind from another's. */
export interface MetadataRules {
  readonly namespaced: boolean;
  readonly checkName: NameCheck;
}

/** Rules for the metadata of a new object. Its types have been checked and its name has been generated already. */
export function validateMetadata(metadata: ObjectMeta, rules: MetadataRules): FieldError[] {
  const errors: FieldError[] = [];
  const { name, generateName, namespace } = metadata;
  if (generateName !== undefined && generateName !== "") {
    for (const text of asPrefix(rules.checkName)(generateName))
      errors.push(invalid("metadata.generateName", generateName, text));
  }
  if (name === undefined || name === "") errors.push(required("metadata.name", "name or generateName is required"));
  else for (const text of rules.checkName(name)) errors.push(invalid("metadata.name", name, text));
  if (!rules.namespaced) {
    if (namespace !== undefined && namespace !== "")
      errors.push(forbidden("metadata.namespace", "not allowed on this type"));
  } else if (namespace === undefined || namespace === "") {
    errors.push(required("metadata.namespace"));
  } else {
    for (const text of checkDnsLabel(namespace)) errors.push(invalid("metadata.namespace", namespace, text));
  }
  if ((metadata.generation ?? 0) < 0) {
    errors.push(invalid("metadata.generation", metadata.generation, "must be greater than or equal to 0"));
  }
  errors.push(...validateCollections(metadata), ...validateFinalizers(metadata.finalizers ?? []));
  errors.push(...validateManagedFields(metadata.managedFields ?? []));
  return errors;
}

/** Rules for the metadata of a changed object. */
export function validateMetadataUpdate(metadata: ObjectMeta, old: ObjectMeta): FieldError[] {
  const errors: FieldError[] = [];
  if (old.deletionTimestamp !== undefined) {
    const extra = (metadata.finalizers ?? []).filter((name) => !(old.finalizers ?? []).includes(name)).sort();
    if (extra.length > 0) {
      const list = [...new Set(extra)].map((name) => JSON.stringify(name)).join(", ");
      const text = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`;
      errors.push(forbidden("metadata.finalizers", text));
    }
  }
  if (metadata.resourceVersion === undefined || metadata.resourceVersion === "") {
    errors.push(invalid("metadata.resourceVersion", "", "must be specified for an update"));
  }
  if ((metadata.generation ?? 0) < (old.generation ?? 0)) {
    errors.push(invalid("metadata.generation", metadata.generation ?? 0, "must not be decremented"));
  }
  for (const field of IMMUTABLE_FIELDS) {
    if (!jsonEqual(metadata[field] ?? undefined, old[field] ?? undefined)) {
      errors.push(invalid(`metadata.${field}`, metadata[field], "field is immutable"));
    }
  }
  errors.push(...validateCollections(metadata), ...validateManagedFields(metadata.managedFields ?? []));
  return errors;
}

const IMMUTABLE_FIELDS = [
  "name",
  "namespace",
  "uid",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
] as const;

/** Labels of an object, or of a template under another path. */
export function validateLabels(labels: { readonly [key: string]: unknown }, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(labels)) {
    for (const text of checkQualifiedName(key)) errors.push(invalid(field, key, text));
    if (typeof value !== "string") continue;
    for (const text of checkLabelValue(value)) errors.push(invalid(field, value, text));
  }
  return errors;
}

function validateCollections(metadata: ObjectMeta): FieldError[] {
  return [
    ...validateLabels(metadata.labels ?? {}, "metadata.labels"),
    ...validateAnnotations(metadata.annotations ?? {}),
    ...validateOwnerReferences(metadata.ownerReferences ?? []),
  ];
}

function validateAnnotations(annotations: { readonly [key: string]: unknown }): FieldError[] {
  const errors: FieldError[] = [];
  let sizeBytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    sizeBytes += utf8Size(key) + (typeof value === "string" ? utf8Size(value) : 0);
    for (const text of checkQualifiedName(key.toLowerCase())) errors.push(invalid("metadata.annotations", key, text));
  }
  if (sizeBytes > ANNOTATIONS_SIZE_BYTES_MAX) errors.push(tooLong("metadata.annotations", ANNOTATIONS_SIZE_BYTES_MAX));
  return errors;
}

function validateOwnerReferences(references: readonly Partial<OwnerReference>[]): FieldError[] {
  const errors: FieldError[] = [];
  const path = "metadata.ownerReferences";
  let controller: string | undefined;
  for (const reference of references) {
    const { apiVersion = "", kind = "", name = "", uid = "" } = reference;
    if (apiVersion === "" || apiVersion.endsWith("/")) {
      errors.push(invalid(`${path}.apiVersion`, apiVersion, "version must not be empty"));
    }
    for (const [field, value] of Object.entries({ kind, name, uid })) {
      if (value === "") errors.push(invalid(`${path}.${field}`, value, "must not be empty"));
    }
    if (apiVersion === "v1" && kind === "Event") {
      errors.push(invalid(path, reference, "/v1, Kind=Event is disallowed from being an owner"));
    }
    if (reference.controller !== true) continue;
    const current = `${kind}/${name}`;
    if (controller === undefined) {
      controller = current;
      continue;
    }
    const text = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${current}`;
    errors.push(invalid(path, references, text));
  }
  return errors;
}

function validateFinalizers(finalizers: readonly string[]): FieldError[] {
  const path = "metadata.finalizers";
  const errors = finalizers.flatMap((name) => checkQualifiedName(name).map((text) => invalid(path, name, text)));
  if (finalizers.includes("orphan") && finalizers.includes("foregroundDeletion")) {
    errors.push(invalid(path, finalizers, "finalizer orphan and foregroundDeletion cannot be both set"));
  }
  return errors;
}

/** Warnings for new finalizers that are neither Kubernetes' own nor have a domain: anybody could use the same name. */
export function finalizerWarnings(metadata: ObjectMeta, old: ObjectMeta | undefined): string[] {
  const known = new Set(["orphan", "foregroundDeletion", ...(old?.finalizers ?? [])]);
  const unqualified = [...new Set(metadata.finalizers)]
    .filter((name) => !known.has(name) && !name.includes("/"))
    .sort();
  const advice = "prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers";
  return unqualified.map((name) => `metadata.finalizers: ${JSON.stringify(name)}: ${advice}`);
}

function validateManagedFields(entries: readonly ManagedFieldsEntry[]): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, entry] of entries.entries()) {
    const path = `metadata.managedFields[${index}]`;
    if (entry.operation !== "Apply" && entry.operation !== "Update") {
      errors.push(invalid(`${path}.operation`, entry.operation ?? "", "must be `Apply` or `Update`"));
    }
    if (entry.fieldsType !== undefined && entry.fieldsType !== "FieldsV1") {
      errors.push(invalid(`${path}.fieldsType`, entry.fieldsType, "must be `FieldsV1`"));
    }
    if ((entry.manager ?? "").length > MANAGER_LENGTH_MAX) errors.push(tooLong(`${path}.manager`, MANAGER_LENGTH_MAX));
    if ((entry.subresource ?? "").length > SUBRESOURCE_LENGTH_MAX) {
      errors.push(tooLong(`${path}.subresource`, SUBRESOURCE_LENGTH_MAX));
    }
  }
  return errors;
}

/** Bytes of the text in UTF-8, without encoding it. */
export function utf8Size(text: string): number {
  let size = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) size += 1;
    else if (unit < 0x800) size += 2;
    else if (unit >= 0xd800 && unit < 0xdc00 && index + 1 < text.length) {
      size += 4;
      index++;
    } else size += 3;
  }
  return size;
}
