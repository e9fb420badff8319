// The Status object every failed request answers with, its reasons and their HTTP codes (meta/v1 Status; api/errors).
import type { ListMeta } from "./object.ts";

/** HTTP code of each reason a server gives (meta/v1 StatusReason). */
export const STATUS_REASON_CODES = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServerTimeout: 500,
  StorageReadError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
} as const;

/** A reason of {@link STATUS_REASON_CODES}. */
export type StatusReason = keyof typeof STATUS_REASON_CODES;

/** The types of cause apimachinery defines; servers may send others. */
export type CauseType =
  | "FieldValueNotFound"
  | "FieldValueRequired"
  | "FieldValueDuplicate"
  | "FieldValueInvalid"
  | "FieldValueNotSupported"
  | "FieldValueForbidden"
  | "FieldValueTooLong"
  | "FieldValueTooMany"
  | "FieldValueTypeInvalid"
  | "InternalError"
  | "UnexpectedServerResponse"
  | "FieldManagerConflict"
  | "ResourceVersionTooLarge";

/** One cause of a failure (meta/v1 StatusCause). Old clients read the type under `reason`, and so it is sent. */
export interface StatusCause {
  readonly reason?: CauseType | (string & {});
  readonly message?: string;
  /** Path of the field at fault: `spec.vni`, `items[0].name`. */
  readonly field?: string;
}

/** What a failure was about (meta/v1 StatusDetails). */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  /** The plural resource in most answers, the kind in Invalid ones. */
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** The answer to a failed request, and to some that succeed (meta/v1 Status). */
export interface KubeStatus {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: ListMeta;
  readonly status?: "Success" | "Failure";
  readonly message?: string;
  readonly reason?: StatusReason | (string & {});
  readonly details?: StatusDetails;
  readonly code?: number;
}

/** A request that a server refused, with the Status it gave. */
export class StatusError extends Error {
  override readonly name = "StatusError";
  readonly code = "KUBE_STATUS" as const;
  readonly status: KubeStatus;

  constructor(status: KubeStatus, options?: ErrorOptions) {
    super(status.message ?? `${status.reason ?? "Unknown"} (${status.code ?? 0})`, options);
    this.status = status;
  }

  /** The HTTP code; 500 when the server left it out. */
  get httpCode(): number {
    return statusCode(this.status);
  }

  /** The reason, "" when the server gave none. */
  get reason(): string {
    return this.status.reason ?? "";
  }
}

/** The HTTP code of a Status: its own, else the one of its reason, else 500. */
export function statusCode(status: KubeStatus): number {
  if (status.code !== undefined && status.code > 0) return status.code;
  const codes: Readonly<Record<string, number>> = STATUS_REASON_CODES;
  return codes[status.reason ?? ""] ?? 500;
}

/** What {@link makeStatus} needs. */
export interface FailureStatus {
  readonly reason: StatusReason;
  readonly message: string;
  readonly details?: StatusDetails;
  /** `metadata.continue` of an expired page. */
  readonly metadata?: ListMeta;
  /** Only when it differs from the reason's own. */
  readonly code?: number;
}

/** A Failure with every member in the order servers write them. */
export function makeStatus(failure: FailureStatus): KubeStatus {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: failure.metadata ?? {},
    status: "Failure",
    message: failure.message,
    reason: failure.reason,
    ...(failure.details === undefined ? {} : { details: failure.details }),
    code: failure.code ?? STATUS_REASON_CODES[failure.reason],
  };
}

/** Whether `status` says that a resource version or page token is too old: 410 with reason Expired or Gone. */
export function isExpired(status: KubeStatus): boolean {
  return status.reason === "Expired" || status.reason === "Gone" || statusCode(status) === 410;
}

/** Whether `status` says that a resource version is newer than the server: 504 with its cause, or the old text alone. */
export function isResourceVersionTooLarge(status: KubeStatus): boolean {
  if (statusCode(status) !== 504) return false;
  const causes = status.details?.causes ?? [];
  return (
    causes.some((cause) => cause.reason === "ResourceVersionTooLarge") ||
    (status.message ?? "").includes("Too large resource version")
  );
}
