// What a request is refused with, before it becomes a Status object on the wire (Kubernetes meta/v1 Status).

/** One reason among several; `field` is a path or empty. */
export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

/** Who and what a failure is about (meta/v1 StatusDetails). `kind` is a kind or a plural resource, as the server prints it. */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** A refusal as a value. `code` is the HTTP status, `reason` one of meta/v1 StatusReason or empty. */
export interface StatusFailure {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details?: StatusDetails;
}

/** 400 BadRequest. */
export function badRequest(message: string): StatusFailure {
  return { code: 400, reason: "BadRequest", message };
}

/** 413 RequestEntityTooLarge, in the words kube-apiserver puts in front of the cause. */
export function entityTooLarge(message: string): StatusFailure {
  return { code: 413, reason: "RequestEntityTooLarge", message: `Request entity too large: ${message}` };
}

/** 415 UnsupportedMediaType naming the media types that are read. */
export function unsupportedMediaType(accepted: readonly string[]): StatusFailure {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`;
  return { code: 415, reason: "UnsupportedMediaType", message };
}
