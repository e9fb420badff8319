// Parameters of list, watch and deletecollection (meta/v1 ListOptions), with the rules of apimachinery's validation.
import { type FieldError, forbidden, notSupported } from "@coracle/api";
import type { ResourceVersionMatch } from "@coracle/kube";
import { invalidOptions } from "../failure.ts";
import { booleanParameter, optionalBoolean, optionalInteger, type Query, textParameter } from "./query.ts";

/** List options as read and checked. Empty strings stand for absent ones. */
export interface ListQuery {
  readonly labelSelector: string;
  readonly fieldSelector: string;
  readonly resourceVersion: string;
  readonly resourceVersionMatch: ResourceVersionMatch | "";
  readonly continueToken: string;
  /** 0 means no limit. */
  readonly limit: number;
  readonly watch: boolean;
  readonly allowWatchBookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
  /** Seconds; 0 when not asked for. */
  readonly timeoutSeconds: number;
}

/** Reads and checks list options; 400 for what cannot be read, 422 for what may not be combined. `watch` as the request info saw it. */
export function parseListQuery(query: Query, watch: boolean): ListQuery {
  const options: ListQuery = {
    labelSelector: textParameter(query, "labelSelector"),
    fieldSelector: textParameter(query, "fieldSelector"),
    resourceVersion: textParameter(query, "resourceVersion"),
    resourceVersionMatch: textParameter(query, "resourceVersionMatch") as ResourceVersionMatch | "",
    continueToken: textParameter(query, "continue"),
    // Any state will do: that is the cache's own, and the cache does not page.
    limit: textParameter(query, "resourceVersion") === "0" ? 0 : Math.max(0, optionalInteger(query, "limit") ?? 0),
    watch,
    allowWatchBookmarks: booleanParameter(query.get("allowWatchBookmarks")),
    sendInitialEvents: optionalBoolean(query, "sendInitialEvents"),
    timeoutSeconds: Math.max(0, optionalInteger(query, "timeoutSeconds") ?? 0),
  };
  const completed = withWatchDefaults(options);
  const errors = completed.watch ? watchErrors(completed) : listErrors(completed);
  if (errors.length > 0) throw invalidOptions("ListOptions", errors);
  return completed;
}

/** A plain watch from "" or "0" begins with the state there is, which is what `sendInitialEvents` says in full. */
function withWatchDefaults(options: ListQuery): ListQuery {
  const legacy = options.resourceVersion === "" || options.resourceVersion === "0";
  if (!options.watch || !legacy) return options;
  if (options.sendInitialEvents !== undefined || options.resourceVersionMatch !== "") return options;
  return { ...options, sendInitialEvents: true, resourceVersionMatch: "NotOlderThan" };
}

const MATCH = "resourceVersionMatch";

function listErrors(options: ListQuery): FieldError[] {
  const errors: FieldError[] = [];
  const match = options.resourceVersionMatch;
  if (match !== "") {
    if (options.resourceVersion === "") {
      errors.push(forbidden(MATCH, "resourceVersionMatch is forbidden unless resourceVersion is provided"));
    }
    if (options.continueToken !== "") {
      errors.push(forbidden(MATCH, "resourceVersionMatch is forbidden when continue is provided"));
    }
    if (match !== "Exact" && match !== "NotOlderThan") {
      errors.push(notSupported(MATCH, match, ["Exact", "NotOlderThan", ""]));
    }
    if (match === "Exact" && options.resourceVersion === "0") {
      errors.push(forbidden(MATCH, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    }
  }
  if (options.sendInitialEvents !== undefined) {
    errors.push(forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  }
  return errors;
}

function watchErrors(options: ListQuery): FieldError[] {
  const errors: FieldError[] = [];
  const match = options.resourceVersionMatch;
  if (options.sendInitialEvents !== undefined && match !== "NotOlderThan") {
    errors.push(forbidden(MATCH, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
  }
  if (match !== "") {
    if (options.sendInitialEvents === undefined) {
      errors.push(forbidden(MATCH, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"));
    }
    if (match !== "NotOlderThan") errors.push(notSupported(MATCH, match, ["NotOlderThan"]));
    if (options.continueToken !== "") {
      errors.push(forbidden(MATCH, "resourceVersionMatch is forbidden when continue is provided"));
    }
  }
  return errors;
}
