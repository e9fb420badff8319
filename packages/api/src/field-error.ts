// Field errors in the words of Kubernetes (apimachinery pkg/util/validation/field): one per broken rule, collected, never thrown.

/** Cause reasons of a Status with reason Invalid. */
export type FieldErrorReason =
  | "FieldValueNotFound"
  | "FieldValueRequired"
  | "FieldValueDuplicate"
  | "FieldValueInvalid"
  | "FieldValueNotSupported"
  | "FieldValueForbidden"
  | "FieldValueTooLong"
  | "FieldValueTooMany"
  | "FieldValueTypeInvalid"
  | "InternalError";

/** One broken rule. `message` is the cause's message: without the field's path in front. */
export interface FieldError {
  readonly reason: FieldErrorReason;
  /** Path as Kubernetes prints it: `spec.ports[0].name`, `metadata.labels`. */
  readonly field: string;
  readonly message: string;
}

/** `PATH: MESSAGE`, the form used inside the message of a Status. */
export function formatFieldError(error: FieldError): string {
  return `${error.field}: ${error.message}`;
}

/** All errors as kube-apiserver joins them: one alone as it is, several as `[a, b]`, repeated texts once. */
export function formatFieldErrors(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map(formatFieldError))];
  return texts.length === 1 ? (texts[0] ?? "") : `[${texts.join(", ")}]`;
}

/** The value is wrong; `detail` says what it must be. */
export function invalid(field: string, value: unknown, detail: string): FieldError {
  return { reason: "FieldValueInvalid", field, message: withDetail(`Invalid value: ${printValue(value)}`, detail) };
}

/** The value is missing. */
export function required(field: string, detail = ""): FieldError {
  return { reason: "FieldValueRequired", field, message: withDetail("Required value", detail) };
}

/** The value names something that is not there. */
export function notFound(field: string, value: unknown): FieldError {
  return { reason: "FieldValueNotFound", field, message: `Not found: ${printValue(value)}` };
}

/** The value may not be given, or not be changed, here. */
export function forbidden(field: string, detail: string): FieldError {
  return { reason: "FieldValueForbidden", field, message: withDetail("Forbidden", detail) };
}

/** The value repeats one that must be unique. */
export function duplicate(field: string, value: unknown): FieldError {
  return { reason: "FieldValueDuplicate", field, message: `Duplicate value: ${printValue(value)}` };
}

/** The value is not one of those allowed. */
export function notSupported(field: string, value: unknown, allowed: readonly string[]): FieldError {
  const list = allowed.map((item) => JSON.stringify(item)).join(", ");
  const detail = allowed.length > 0 ? `supported values: ${list}` : "";
  return {
    reason: "FieldValueNotSupported",
    field,
    message: withDetail(`Unsupported value: ${printValue(value)}`, detail),
  };
}

/** The text is longer than `sizeBytesMax`. */
export function tooLong(field: string, sizeBytesMax: number): FieldError {
  return { reason: "FieldValueTooLong", field, message: `Too long: may not be more than ${sizeBytesMax} bytes` };
}

/** The list holds more than `countMax` items. */
export function tooMany(field: string, count: number, countMax: number): FieldError {
  return { reason: "FieldValueTooMany", field, message: `Too many: ${count}: must have at most ${countMax} items` };
}

/** The value has the wrong JSON type. */
export function typeInvalid(field: string, value: unknown, detail: string): FieldError {
  return { reason: "FieldValueTypeInvalid", field, message: withDetail(`Invalid value: ${printValue(value)}`, detail) };
}

function withDetail(text: string, detail: string): string {
  return detail === "" ? text : `${text}: ${detail}`;
}

function printValue(value: unknown): string {
  return value === undefined ? "null" : JSON.stringify(value);
}
