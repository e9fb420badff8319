// Definitions every document shares (meta/v1 lists, Status, DeleteOptions, Patch), and what the fields of metadata mean.
import type { StructuralSchema } from "@coracle/api";

const META = "io.k8s.apimachinery.pkg.apis.meta.v1";

function text(description: string): StructuralSchema {
  return { type: "string", description };
}

function number(description: string, format: "int32" | "int64"): StructuralSchema {
  return { type: "integer", format, description };
}

const TYPE_META = {
  apiVersion: text("Version of the schema this object follows."),
  kind: text("Kind of this object."),
};

/** Metadata of a list. */
export const LIST_META: StructuralSchema = {
  definitionName: `${META}.ListMeta`,
  type: "object",
  description: "ListMeta describes a list and the page of it that was returned.",
  properties: {
    continue: text("Token that asks for the next page; empty on the last one."),
    remainingItemCount: number("How many items follow on later pages, when that is known.", "int64"),
    resourceVersion: text("Version of the store that the list shows; a watch may start from it."),
    selfLink: text("Deprecated and never set."),
  },
};

const STATUS_CAUSE: StructuralSchema = {
  definitionName: `${META}.StatusCause`,
  type: "object",
  description: "StatusCause is one reason of several for a failure.",
  properties: {
    field: text("Path of the field at fault, for example spec.ports[0].name."),
    message: text("What is wrong, for people."),
    reason: text("What is wrong, for programs."),
  },
};

const STATUS_DETAILS: StructuralSchema = {
  definitionName: `${META}.StatusDetails`,
  type: "object",
  description: "StatusDetails says more about what a status is about.",
  properties: {
    causes: { type: "array", listType: "atomic", description: "Every reason of the failure.", items: STATUS_CAUSE },
    group: text("Group of the object or resource."),
    kind: text("Kind of the object, or name of the resource."),
    name: text("Name of the object."),
    retryAfterSeconds: number("Seconds after which the client may try again.", "int32"),
    uid: text("UID of the object."),
  },
};

/** The answer to a failed request, and to a deletion that is done. */
export const STATUS: StructuralSchema = {
  definitionName: `${META}.Status`,
  type: "object",
  description: "Status is the answer to a request that returns no object.",
  properties: {
    ...TYPE_META,
    code: number("HTTP status code.", "int32"),
    details: { ...STATUS_DETAILS, description: "What the status is about." },
    message: text("What happened, for people."),
    metadata: { ...LIST_META, description: "Metadata of the answer." },
    reason: text("Why the request failed, for programs."),
    status: text("Success or Failure."),
  },
};

const PRECONDITIONS: StructuralSchema = {
  definitionName: `${META}.Preconditions`,
  type: "object",
  description: "Preconditions must hold for a deletion to happen.",
  properties: { resourceVersion: text("Wanted resource version."), uid: text("Wanted UID.") },
};

/** Body of a deletion. */
export const DELETE_OPTIONS: StructuralSchema = {
  definitionName: `${META}.DeleteOptions`,
  type: "object",
  description: "DeleteOptions says how to delete.",
  properties: {
    ...TYPE_META,
    dryRun: {
      type: "array",
      listType: "atomic",
      description: "With the one value All nothing is stored.",
      items: { type: "string" },
    },
    gracePeriodSeconds: number("Seconds until the object goes; 0 is at once.", "int64"),
    orphanDependents: { type: "boolean", description: "Deprecated: true is propagationPolicy Orphan." },
    preconditions: { ...PRECONDITIONS, description: "What must hold; otherwise the answer is 409 Conflict." },
    propagationPolicy: text("What happens to dependents: Orphan, Background or Foreground."),
  },
};

/** Body of a patch: its form is its media type's. */
export const PATCH: StructuralSchema = {
  definitionName: `${META}.Patch`,
  type: "object",
  description: "Patch is the body of a PATCH request, in the form its media type names.",
};

/** Texts for the fields of definitions that come without any, by definition name and field; the empty field is the whole. */
export const META_DESCRIPTIONS: { readonly [definition: string]: { readonly [field: string]: string } } = {
  [`${META}.ObjectMeta`]: {
    "": "ObjectMeta is the metadata every object has.",
    annotations: "Free text by key, for tools; not for selecting.",
    creationTimestamp: "When the server created the object.",
    deletionGracePeriodSeconds: "Seconds the object may take to end; set by the server with deletionTimestamp.",
    deletionTimestamp:
      "When the object is to be gone; set by the server when deletion is asked for. It goes when finalizers is empty.",
    finalizers: "Who must act before the object goes. Entries may only be removed while the object is being deleted.",
    generateName: "Start of a name that the server completes when name is empty.",
    generation: "Number of the wanted state; the server raises it when spec changes.",
    labels: "Short text by key, for selecting objects.",
    managedFields: "Which fields were written by whom; kept by the server.",
    name: "Name, unique among objects of one kind in one namespace. Cannot be changed.",
    namespace: "Namespace the object is in. Cannot be changed.",
    ownerReferences: "Objects this one depends on; it is deleted when all of them are gone.",
    resourceVersion: "Version of the stored object. Sent with an update, it must be the current one.",
    selfLink: "Deprecated and never set.",
    uid: "Identity of the object, given by the server and never used again.",
  },
  [`${META}.OwnerReference`]: {
    "": "OwnerReference names an object that this one depends on, in the same namespace or in none.",
    apiVersion: "apiVersion of the owner.",
    blockOwnerDeletion: "The owner stays until this object is gone, when it is deleted in the foreground.",
    controller: "The owner manages this object.",
    kind: "Kind of the owner.",
    name: "Name of the owner.",
    uid: "UID of the owner.",
  },
  [`${META}.ManagedFieldsEntry`]: {
    "": "ManagedFieldsEntry is the set of fields one manager wrote.",
    apiVersion: "Version of the schema the fields are named in.",
    fieldsType: "Form of the set; always FieldsV1.",
    fieldsV1: "The set of fields.",
    manager: "Name of the writer.",
    operation: "Apply or Update.",
    subresource: "Subresource the fields were written through; empty for the object itself.",
    time: "When the set last changed.",
  },
  [`${META}.FieldsV1`]: { "": "FieldsV1 is a set of fields as a tree whose keys are path steps." },
  [`${META}.Time`]: { "": "Time is a moment in whole seconds, RFC 3339." },
  [`${META}.MicroTime`]: { "": "MicroTime is a moment in microseconds, RFC 3339." },
  [`${META}.Condition`]: {
    "": "Condition is one observation about an object.",
    lastTransitionTime: "When status last changed.",
    message: "What was observed, for people.",
    observedGeneration: "metadata.generation the observation was made at.",
    reason: "Why status is what it is, as one CamelCase word.",
    status: "True, False or Unknown.",
    type: "What is observed.",
  },
};
