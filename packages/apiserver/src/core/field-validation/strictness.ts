// What happens to unknown and repeated fields: nothing, a warning, or a refusal (fieldValidation=Ignore, Warn, Strict).
import { err, ok } from "@coracle/base";
import type { Result } from "@coracle/base";
import { badRequest, cannotBeHandled, STRICT_ERRORS_MAX } from "../json/mod.ts";
import type { ExpectedType, StatusFailure } from "../json/mod.ts";

/** Values of the fieldValidation parameter; the server's default is Warn. */
export type FieldValidationMode = "Ignore" | "Warn" | "Strict";

/** What the decoder objected to, then `unknown field "spec.foo"`, as the server lists them; each once. */
export function strictErrorTexts(found: {
  readonly strictErrors: readonly string[];
  readonly unknownFields: readonly string[];
}): readonly string[] {
  const texts = [...found.strictErrors, ...found.unknownFields.map((path) => `unknown field "${path}"`)];
  return [...new Set(texts)].slice(0, STRICT_ERRORS_MAX);
}

/** Where the strict errors were found; the refusal is worded for it. */
export type StrictSubject =
  /** Body of a create or update. */
  | { readonly kind: "body"; readonly expected: ExpectedType }
  /** A JSON, merge or strategic merge patch, as the refusal shows it. */
  | { readonly kind: "patch"; readonly shown: string }
  /** Body of a server-side apply. */
  | { readonly kind: "apply" };

/**
 * Judges strict errors: Ignore passes, Warn gives the texts of `Warning: 299` headers, Strict refuses
 * (400 BadRequest for bodies, 422 Invalid for patches).
 */
export function judgeStrictness(
  mode: FieldValidationMode,
  errors: readonly string[],
  subject: StrictSubject,
): Result<readonly string[], StatusFailure> {
  if (errors.length === 0 || mode === "Ignore") return ok([]);
  if (mode === "Warn") return ok(errors);
  const text = `strict decoding error: ${errors.join(", ")}`;
  switch (subject.kind) {
    case "body":
      return err(cannotBeHandled(subject.expected, text));
    case "patch":
      return err(invalidPatch(subject.shown, text));
    case "apply":
      return err(badRequest(`error strict decoding YAML: ${errors.join(", ")}`));
  }
}

/** 422 for a patch whose result cannot be decoded; the refusal shows the patch or the whole patched object. */
export function invalidPatch(shown: string, text: string): StatusFailure {
  const message = `Invalid value: ${JSON.stringify(shown)}: ${text}`;
  return {
    code: 422,
    reason: "Invalid",
    message: ` "" is invalid: patch: ${message}`,
    details: { causes: [{ reason: "FieldValueInvalid", message, field: "patch" }] },
  };
}
