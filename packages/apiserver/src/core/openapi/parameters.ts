// Query and path parameters of the API's operations, in words of our own.

/** One parameter, in no dialect yet. */
export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly type: "string" | "integer" | "boolean";
  readonly description: string;
}

function query(name: string, type: Parameter["type"], description: string): Parameter {
  return { name, in: "query", type, description };
}

/** Every operation may be asked to indent its answer. */
export const PRETTY: Parameter = query("pretty", "string", "If 'true', the answer is indented.");

/** The namespace in a path. */
export const NAMESPACE: Parameter = {
  name: "namespace",
  in: "path",
  type: "string",
  description: "Namespace of the object.",
};

/** The name in a path. */
export function nameParameter(kind: string): Parameter {
  return { name: "name", in: "path", type: "string", description: `Name of the ${kind}.` };
}

const DRY_RUN = query("dryRun", "string", "With the value All nothing is stored; the answer is what would have been.");
const FIELD_MANAGER = query(
  "fieldManager",
  "string",
  "Name under which the written fields are tracked; at most 128 printable characters.",
);
const FIELD_VALIDATION = query(
  "fieldValidation",
  "string",
  "What happens to unknown and repeated fields: Ignore drops them, Warn (the default) drops them with a warning, Strict refuses the request.",
);
const FORCE = query("force", "boolean", "Take fields of other managers. Only for server-side apply.");

/** Parameters of create and update. */
export const WRITE_PARAMETERS: readonly Parameter[] = [DRY_RUN, FIELD_MANAGER, FIELD_VALIDATION];

/** Parameters of patch. */
export const PATCH_PARAMETERS: readonly Parameter[] = [...WRITE_PARAMETERS, FORCE];

/** Parameters of get. */
export const GET_PARAMETERS: readonly Parameter[] = [
  query("resourceVersion", "string", "The answer is at least as new as this version; 0 allows any."),
];

/** Parameters of delete. */
export const DELETE_PARAMETERS: readonly Parameter[] = [
  DRY_RUN,
  query("gracePeriodSeconds", "integer", "Seconds until the object goes; 0 is at once."),
  query("orphanDependents", "boolean", "Deprecated: true is propagationPolicy=Orphan."),
  query("propagationPolicy", "string", "What happens to dependents: Orphan, Background or Foreground."),
];

const SELECTION: readonly Parameter[] = [
  query("continue", "string", "Token of the page before, for the next page."),
  query("fieldSelector", "string", "Only objects whose fields match."),
  query("labelSelector", "string", "Only objects whose labels match."),
  query("limit", "integer", "Most items in the answer; more are on further pages."),
  query("resourceVersion", "string", "The answer is at least as new as this version; 0 allows any."),
  query("resourceVersionMatch", "string", "How resourceVersion is meant: NotOlderThan or Exact."),
  query("timeoutSeconds", "integer", "Seconds after which the answer ends."),
];

/** Parameters of list and watch. */
export const LIST_PARAMETERS: readonly Parameter[] = [
  query("allowWatchBookmarks", "boolean", "The watch may report versions without objects."),
  ...SELECTION,
  query("sendInitialEvents", "boolean", "The watch begins with the objects that exist and a bookmark after them."),
  query("watch", "boolean", "Follow changes instead of returning a list."),
].sort((a, b) => (a.name < b.name ? -1 : 1));

/** Parameters of deletecollection. */
export const DELETE_COLLECTION_PARAMETERS: readonly Parameter[] = [...DELETE_PARAMETERS, ...SELECTION].sort((a, b) =>
  a.name < b.name ? -1 : 1,
);
