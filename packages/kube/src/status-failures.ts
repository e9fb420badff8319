// The failures a server answers with, in Kubernetes' own words (k8s.io/apimachinery pkg/api/errors).
import { formatGroupKind, formatGroupResource, type GroupKind, type GroupResource } from "./resource.ts";
import { type KubeStatus, makeStatus, type StatusCause } from "./status.ts";

/** 404: no such object. */
export function notFoundStatus(resource: GroupResource, name: string): KubeStatus {
  return makeStatus({
    reason: "NotFound",
    message: `${formatGroupResource(resource)} ${quote(name)} not found`,
    details: describe(resource, name),
  });
}

/** 404 of a path no resource is served at. */
export function pathNotFoundStatus(): KubeStatus {
  return makeStatus({
    reason: "NotFound",
    message: "the server could not find the requested resource",
    details: {},
  });
}

/** 409: an object of this name exists. */
export function alreadyExistsStatus(resource: GroupResource, name: string): KubeStatus {
  return makeStatus({
    reason: "AlreadyExists",
    message: `${formatGroupResource(resource)} ${quote(name)} already exists`,
    details: describe(resource, name),
  });
}

/** 409: the object changed under the writer. `why` is usually {@link OBJECT_MODIFIED}. */
export function conflictStatus(resource: GroupResource, name: string, why: string = OBJECT_MODIFIED): KubeStatus {
  return makeStatus({
    reason: "Conflict",
    message: `Operation cannot be fulfilled on ${formatGroupResource(resource)} ${quote(name)}: ${why}`,
    details: describe(resource, name),
  });
}

/** The text of an optimistic-lock failure (registry/generic OptimisticLockErrorMsg). */
export const OBJECT_MODIFIED =
  "the object has been modified; please apply your changes to the latest version and try again";

/** 403: authorisation or admission refused. An empty `name` names the collection. */
export function forbiddenStatus(resource: GroupResource, name: string, why: string): KubeStatus {
  const subject = name === "" ? formatGroupResource(resource) : `${formatGroupResource(resource)} ${quote(name)}`;
  return makeStatus({
    reason: "Forbidden",
    message: `${subject} is forbidden: ${why}`,
    details: describe(resource, name),
  });
}

/** 422: the object's content breaks a rule. Each cause's `message` is the error without its field. */
export function invalidStatus(kind: GroupKind, name: string, causes: readonly StatusCause[]): KubeStatus {
  const texts = causes.map((cause) =>
    cause.field === undefined ? (cause.message ?? "") : `${cause.field}: ${cause.message ?? ""}`,
  );
  const unique = [...new Set(texts)];
  const text = unique.length === 1 ? (unique[0] ?? "") : `[${unique.join(", ")}]`;
  return makeStatus({
    reason: "Invalid",
    message: `${formatGroupKind(kind)} ${quote(name)} is invalid: ${text}`,
    details: {
      ...(name === "" ? {} : { name }),
      ...(kind.group === "" ? {} : { group: kind.group }),
      kind: kind.kind,
      causes,
    },
  });
}

/** 400. */
export function badRequestStatus(message: string): KubeStatus {
  return makeStatus({ reason: "BadRequest", message });
}

/** 401. */
export function unauthorizedStatus(message: string = "Unauthorized"): KubeStatus {
  return makeStatus({ reason: "Unauthorized", message });
}

/** 405 of a verb the resource does not have. */
export function methodNotSupportedStatus(resource: GroupResource, action: string): KubeStatus {
  return makeStatus({
    reason: "MethodNotAllowed",
    message: `${action} is not supported on resources of kind ${quote(formatGroupResource(resource))}`,
    details: describe(resource, ""),
  });
}

/** 406 of an Accept header nothing here can satisfy. */
export function notAcceptableStatus(accepted: readonly string[]): KubeStatus {
  return makeStatus({
    reason: "NotAcceptable",
    message: `only the following media types are accepted: ${accepted.join(", ")}`,
  });
}

/** 415 of a body nothing here can read. */
export function unsupportedMediaTypeStatus(accepted: readonly string[]): KubeStatus {
  return makeStatus({
    reason: "UnsupportedMediaType",
    message: `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`,
  });
}

/** 413. */
export function requestEntityTooLargeStatus(message: string): KubeStatus {
  return makeStatus({
    reason: "RequestEntityTooLarge",
    message: `Request entity too large: ${message}`,
  });
}

/** 410 of a resource version or page token that is too old. `continueToken` lets a lister go on inconsistently. */
export function expiredStatus(message: string, continueToken?: string): KubeStatus {
  return makeStatus({
    reason: "Expired",
    message,
    ...(continueToken === undefined ? {} : { metadata: { continue: continueToken } }),
  });
}

/** 429. */
export function tooManyRequestsStatus(message: string, retryAfterSeconds: number): KubeStatus {
  return makeStatus({
    reason: "TooManyRequests",
    message,
    details: retryAfterSeconds > 0 ? { retryAfterSeconds } : {},
  });
}

/** 500. */
export function internalErrorStatus(message: string): KubeStatus {
  return makeStatus({
    reason: "InternalError",
    message: `Internal error occurred: ${message}`,
    details: { causes: [{ message }] },
  });
}

/** 503. */
export function serviceUnavailableStatus(message: string): KubeStatus {
  return makeStatus({ reason: "ServiceUnavailable", message });
}

/** 504. */
export function timeoutStatus(message: string, retryAfterSeconds: number): KubeStatus {
  return makeStatus({
    reason: "Timeout",
    message: `Timeout: ${message}`,
    details: retryAfterSeconds > 0 ? { retryAfterSeconds } : {},
  });
}

/** 504 of a resource version the server has not reached (apiserver storage NewTooLargeResourceVersionError). */
export function resourceVersionTooLargeStatus(requested: string, current: string): KubeStatus {
  return makeStatus({
    reason: "Timeout",
    message: `Timeout: Too large resource version: ${requested}, current: ${current}`,
    details: {
      causes: [
        {
          reason: "ResourceVersionTooLarge",
          message: "Too large resource version",
        },
      ],
      retryAfterSeconds: 1,
    },
  });
}

function describe(resource: GroupResource, name: string): { name?: string; group?: string; kind: string } {
  return {
    ...(name === "" ? {} : { name }),
    ...(resource.group === "" ? {} : { group: resource.group }),
    kind: resource.resource,
  };
}

/** Go's %q for the texts that occur here: JSON's escapes are the same for everything a name or verb can hold. */
function quote(text: string): string {
  return JSON.stringify(text);
}
