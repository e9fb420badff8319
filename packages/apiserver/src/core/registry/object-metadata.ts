// The shape of metadata in a request body, checked before anything reads it; and the fields only the server sets.
import {
  type ApiObject,
  findDecodeError,
  invalid,
  isJsonObject,
  type JsonObject,
  type ObjectMeta,
  type ResourceDefinition,
} from "@coracle/api";
import { badRequestStatus, formatApiVersion, StatusError } from "@coracle/kube";
import { invalidError } from "../failure.ts";

type MemberType = "string" | "int64" | "map[string]string" | "[]string" | "list" | "time";

const MEMBERS: Readonly<Record<string, MemberType>> = {
  name: "string",
  generateName: "string",
  namespace: "string",
  selfLink: "string",
  uid: "string",
  resourceVersion: "string",
  generation: "int64",
  creationTimestamp: "time",
  deletionTimestamp: "time",
  deletionGracePeriodSeconds: "int64",
  labels: "map[string]string",
  annotations: "map[string]string",
  ownerReferences: "list",
  finalizers: "[]string",
  managedFields: "list",
};

/**
 * The body as an object whose metadata has the right types; null members and an absent metadata are filled the way Go's
 * decoder does. 400 names the first member of a wrong type.
 */
export function withCheckedMetadata(definition: ResourceDefinition, body: JsonObject): ApiObject {
  const misfit = definition.builtIn ? findDecodeError(definition.schema, body) : undefined;
  if (misfit !== undefined) throw cannotBeHandled(definition, misfit);
  const metadata = checkedMetadata(definition, body);
  const { apiVersion = formatApiVersion(definition), kind = definition.kind } = body;
  if (typeof apiVersion !== "string" || typeof kind !== "string") throw unreadable(definition, kind, "kind", "string");
  return { ...body, apiVersion, kind, metadata };
}

/** The metadata of a body alone, with the right types and without nulls. */
export function checkedMetadata(definition: ResourceDefinition, body: JsonObject): ObjectMeta {
  const metadata = body["metadata"] ?? {};
  if (!isJsonObject(metadata)) throw unreadable(definition, metadata, "metadata", "v1.ObjectMeta");
  const kept: { [member: string]: unknown } = {};
  for (const [member, value] of Object.entries(metadata)) {
    if (value === null) continue;
    const type = MEMBERS[member];
    if (type !== undefined && !hasType(value, type)) {
      throw unreadable(definition, value, `ObjectMeta.metadata.${member}`, goType(type));
    }
    kept[member] = value;
  }
  return kept as ObjectMeta;
}

/** 422 when the body of a custom kind says it is another kind; built-in kinds are refused while decoding. */
export function checkKind(definition: ResourceDefinition, object: ApiObject): void {
  if (object.kind === definition.kind) return;
  const errors = [invalid("kind", object.kind, `must be ${definition.kind}`)];
  throw invalidError({ group: definition.group, kind: object.kind }, object.metadata.name ?? "", errors);
}

function hasType(value: unknown, type: MemberType): boolean {
  switch (type) {
    case "string":
      return typeof value === "string";
    case "time":
      return typeof value === "string";
    case "int64":
      return typeof value === "number" && Number.isInteger(value);
    case "map[string]string":
      return isJsonObject(value) && Object.values(value).every((item) => typeof item === "string");
    case "[]string":
      return Array.isArray(value) && value.every((item) => typeof item === "string");
    case "list":
      return Array.isArray(value) && value.every(isJsonObject);
  }
}

function goType(type: MemberType): string {
  return type === "list" ? "[]v1.OwnerReference" : type === "time" ? "time.Time" : type;
}

function unreadable(definition: ResourceDefinition, value: unknown, field: string, type: string): StatusError {
  const got = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
  return cannotBeHandled(definition, `json: cannot unmarshal ${got} into Go struct field ${field} of type ${type}`);
}

function cannotBeHandled({ kind, version }: ResourceDefinition, why: string): StatusError {
  return new StatusError(
    badRequestStatus(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${why}`),
  );
}

/** The namespace of a request put into its object; 400 when the object names another. */
export function withRequestNamespace(object: ApiObject, namespace: string): ApiObject {
  const own = object.metadata.namespace ?? "";
  if (own === namespace) return object;
  if (own !== "" && namespace !== "") {
    throw new StatusError(
      badRequestStatus("the namespace of the provided object does not match the namespace sent on the request"),
    );
  }
  const { namespace: _namespace, ...metadata } = object.metadata;
  return { ...object, metadata: namespace === "" ? metadata : { ...metadata, namespace } };
}

/** Metadata in the order Kubernetes writes it, with the fields only the server sets put in for a new object. */
export function newMetadata(
  metadata: ObjectMeta,
  given: { readonly uid: string; readonly creationTimestamp: string },
): ObjectMeta {
  const {
    uid: _uid,
    resourceVersion: _resourceVersion,
    generation: _generation,
    creationTimestamp: _creationTimestamp,
    deletionTimestamp: _deletionTimestamp,
    deletionGracePeriodSeconds: _deletionGracePeriodSeconds,
    selfLink: _selfLink,
    name,
    generateName,
    namespace,
    ...rest
  } = metadata;
  return {
    ...(name === undefined ? {} : { name }),
    ...(generateName === undefined || generateName === "" ? {} : { generateName }),
    ...(namespace === undefined || namespace === "" ? {} : { namespace }),
    uid: given.uid,
    creationTimestamp: given.creationTimestamp,
    ...rest,
  };
}

/** Metadata of an update: what the server owns comes from the stored object, whatever the client sent. */
export function updatedMetadata(metadata: ObjectMeta, old: ObjectMeta): ObjectMeta {
  const { resourceVersion: _resourceVersion, selfLink: _selfLink, generation: _generation, ...rest } = metadata;
  return {
    ...rest,
    uid: metadata.uid === undefined || metadata.uid === "" ? (old.uid ?? "") : metadata.uid,
    ...(old.generation === undefined ? {} : { generation: old.generation }),
    creationTimestamp: old.creationTimestamp ?? null,
    ...(old.deletionTimestamp === undefined ? {} : { deletionTimestamp: old.deletionTimestamp }),
    ...(old.deletionGracePeriodSeconds === undefined || metadata.deletionGracePeriodSeconds !== undefined
      ? {}
      : { deletionGracePeriodSeconds: old.deletionGracePeriodSeconds }),
    ...(old.resourceVersion === undefined ? {} : { resourceVersion: old.resourceVersion }),
  };
}
