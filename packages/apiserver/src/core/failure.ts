// How refusals travel inside the server: as a StatusError thrown by what decides, turned into an answer in one place.
import type { Result } from "@coracle/base";
import { type FieldError } from "@coracle/api";
import { type GroupKind, invalidStatus, type KubeStatus, StatusError } from "@coracle/kube";
import type { StatusFailure } from "./json/mod.ts";

/** The Status of a failure value. */
export function statusOfFailure(failure: StatusFailure): KubeStatus {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: failure.message,
    ...(failure.reason === "" ? {} : { reason: failure.reason }),
    ...(failure.details === undefined ? {} : { details: failure.details }),
    code: failure.code,
  };
}

/** The value of a result, or the throw of its failure. */
export function orThrow<T>(result: Result<T, StatusFailure>): T {
  if (result.ok) return result.value;
  throw new StatusError(statusOfFailure(result.error));
}

/** 422 Invalid of field errors. */
export function invalidError(kind: GroupKind, name: string, errors: readonly FieldError[]): StatusError {
  return new StatusError(invalidStatus(kind, name, errors));
}

/** 422 Invalid of request options such as `ListOptions`. */
export function invalidOptions(kind: string, errors: readonly FieldError[]): StatusError {
  return invalidError({ group: "meta.k8s.io", kind }, "", errors);
}

/** A failure the storage layer does not classify: code 500 without a reason. */
export function unknownFailure(message: string): StatusError {
  const status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, code: 500 } as const;
  return new StatusError(status);
}
