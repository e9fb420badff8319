// Parameters of create, update and patch (meta/v1 CreateOptions, UpdateOptions, PatchOptions).
import { type FieldError, forbidden, invalid, notSupported, required, tooLong } from "@coracle/api";
import { invalidOptions } from "../failure.ts";
import type { FieldValidationMode } from "../field-validation/mod.ts";
import { optionalBoolean, type Query, textParameter } from "./query.ts";

/** Which write is meant; names the options in refusals. */
export type WriteKind = "CreateOptions" | "UpdateOptions" | "PatchOptions" | "ApplyOptions";

/** Write options as read and checked. */
export interface WriteQuery {
  readonly dryRun: boolean;
  /** "" when not given. */
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidationMode;
  /** Server-side apply only. */
  readonly force: boolean;
}

const MANAGER_SIZE_MAX = 128;
const encoder = new TextEncoder();

/** Reads and checks write options; 422 names each wrong one. */
export function parseWriteQuery(query: Query, kind: WriteKind): WriteQuery {
  const dryRun = query.getAll("dryRun");
  const fieldManager = textParameter(query, "fieldManager");
  const fieldValidation = textParameter(query, "fieldValidation");
  const force = optionalBoolean(query, "force");
  const errors: FieldError[] = [];
  if (kind === "ApplyOptions" && fieldManager === "") {
    errors.push(required("fieldManager", "is required for apply patch"));
  }
  if (kind === "PatchOptions" && force !== undefined) {
    errors.push(forbidden("force", "may not be specified for non-apply patch"));
  }
  errors.push(...fieldManagerErrors(fieldManager), ...dryRunErrors(dryRun));
  if (!isFieldValidation(fieldValidation)) {
    errors.push(notSupported("fieldValidation", fieldValidation, ["", "Ignore", "Strict", "Warn"]));
  }
  if (errors.length > 0) throw invalidOptions(kind === "ApplyOptions" ? "PatchOptions" : kind, errors);
  return {
    dryRun: dryRun.length > 0,
    fieldManager,
    fieldValidation: isFieldValidation(fieldValidation) && fieldValidation !== "" ? fieldValidation : "Warn",
    force: force ?? false,
  };
}

function isFieldValidation(text: string): text is FieldValidationMode | "" {
  return text === "" || text === "Ignore" || text === "Warn" || text === "Strict";
}

/** Only "All" may be said, any number of times. */
export function dryRunErrors(values: readonly string[]): FieldError[] {
  return values.every((value) => value === "All") ? [] : [notSupported("dryRun", values, ["All"])];
}

function fieldManagerErrors(manager: string): FieldError[] {
  const errors: FieldError[] = [];
  if (encoder.encode(manager).length > MANAGER_SIZE_MAX) errors.push(tooLong("fieldManager", MANAGER_SIZE_MAX));
  let position = 0;
  for (const character of manager) {
    if (!/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character)) {
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
      errors.push(invalid("fieldManager", manager, `invalid character U+${code} (at position ${position})`));
    }
    position += encoder.encode(character).length;
  }
  return errors;
}
