// Options of delete and deletecollection (meta/v1 DeleteOptions): from the body when there is one, else from the query.
import { type FieldError, invalid, isJsonObject, type JsonObject, notSupported } from "@coracle/api";
import { badRequestStatus, StatusError } from "@coracle/kube";
import { invalidOptions } from "../failure.ts";
import { optionalBoolean, optionalInteger, type Query, textParameter } from "./query.ts";
import { dryRunErrors } from "./write-options.ts";

/** What happens to the dependents of a deleted object. */
export type PropagationPolicy = "Foreground" | "Background" | "Orphan";

/** Delete options as read and checked; `undefined` where the client left the choice to the server. */
export interface DeleteOptions {
  readonly dryRun: boolean;
  readonly gracePeriodSeconds: number | undefined;
  readonly propagationPolicy: PropagationPolicy | undefined;
  /** The old form of the policy: true is Orphan, false is not. */
  readonly orphanDependents: boolean | undefined;
  readonly preconditions: { readonly uid: string | undefined; readonly resourceVersion: string | undefined };
}

interface Raw {
  readonly dryRun: readonly string[];
  readonly gracePeriodSeconds: number | undefined;
  readonly propagationPolicy: string | undefined;
  readonly orphanDependents: boolean | undefined;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
}

/** Reads the options of a request without a body. */
export function deleteOptionsOfQuery(query: Query): DeleteOptions {
  return check({
    dryRun: query.getAll("dryRun"),
    gracePeriodSeconds: optionalInteger(query, "gracePeriodSeconds"),
    propagationPolicy: query.has("propagationPolicy") ? textParameter(query, "propagationPolicy") : undefined,
    orphanDependents: optionalBoolean(query, "orphanDependents"),
    uid: undefined,
    resourceVersion: undefined,
  });
}

/** Reads the options of a decoded body; 400 when a member has the wrong type or the body is another kind. */
export function deleteOptionsOfBody(body: JsonObject): DeleteOptions {
  const kind = body["kind"];
  if (kind !== undefined && kind !== "" && kind !== "DeleteOptions") {
    throw new StatusError(badRequestStatus("decoded object cannot be converted to DeleteOptions"));
  }
  const preconditions = body["preconditions"];
  const conditions: { readonly [key: string]: unknown } = isJsonObject(preconditions) ? preconditions : {};
  return check({
    dryRun: textListMember(body, "dryRun"),
    gracePeriodSeconds: numberMember(body, "gracePeriodSeconds"),
    propagationPolicy: textMember(body, "propagationPolicy"),
    orphanDependents: booleanMember(body, "orphanDependents"),
    uid: textMember(conditions, "uid"),
    resourceVersion: textMember(conditions, "resourceVersion"),
  });
}

function check(raw: Raw): DeleteOptions {
  const errors: FieldError[] = [];
  const policy = raw.propagationPolicy;
  if (raw.orphanDependents !== undefined && policy !== undefined) {
    errors.push(invalid("propagationPolicy", policy, "orphanDependents and deletionPropagation cannot be both set"));
  }
  if (policy !== undefined && !isPolicy(policy)) {
    errors.push(notSupported("propagationPolicy", policy, ["Foreground", "Background", "Orphan", "nil"]));
  }
  errors.push(...dryRunErrors(raw.dryRun));
  if (errors.length > 0) throw invalidOptions("DeleteOptions", errors);
  return {
    dryRun: raw.dryRun.length > 0,
    gracePeriodSeconds: raw.gracePeriodSeconds,
    propagationPolicy: policy !== undefined && isPolicy(policy) ? policy : undefined,
    orphanDependents: raw.orphanDependents,
    preconditions: { uid: raw.uid, resourceVersion: raw.resourceVersion },
  };
}

function isPolicy(text: string): text is PropagationPolicy {
  return text === "Foreground" || text === "Background" || text === "Orphan";
}

type Members = { readonly [key: string]: unknown };

function textMember(body: Members, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw wrongType(name, "string", value);
  return value;
}

function numberMember(body: Members, name: string): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value)) throw wrongType(name, "int64", value);
  return value;
}

function booleanMember(body: Members, name: string): boolean | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "boolean") throw wrongType(name, "bool", value);
  return value;
}

function textListMember(body: Members, name: string): string[] {
  const value = body[name];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw wrongType(name, "[]string", value);
  return value.map((item: unknown) => {
    if (typeof item !== "string") throw wrongType(name, "string", item);
    return item;
  });
}

function wrongType(name: string, type: string, value: unknown): StatusError {
  const got = Array.isArray(value) ? "array" : typeof value;
  const text = `json: cannot unmarshal ${got} into Go struct field DeleteOptions.${name} of type ${type}`;
  return new StatusError(badRequestStatus(text));
}
