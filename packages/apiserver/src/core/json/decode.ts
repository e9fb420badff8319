// Strict reading of JSON and YAML text into JSON values: syntax errors in Kubernetes' words, caps on depth, no silent loss.
import { err, ok } from "@coracle/base";
import type { Result } from "@coracle/base";
import { findDuplicateFields } from "./duplicate-fields.ts";
import { countMembers, JSON_DEPTH_MAX, scanStructure } from "./structure-scan.ts";
import { jsonSyntaxError } from "./syntax-error.ts";

/** A value, and in words which members were written twice (empty unless asked for). */
export interface DecodedValue {
  readonly value: unknown;
  /** Texts of the strict decoder, for example `duplicate field "spec.vni"`. */
  readonly strictErrors: readonly string[];
}

/**
 * Reads JSON text. The error is a message without context: a syntax error as Go words it, "exceeded max depth", or a number
 * that a double cannot hold (which must not be altered silently).
 */
export function decodeJson(text: string, options: { readonly findDuplicates: boolean }): Result<DecodedValue, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err(jsonSyntaxError(text)?.message ?? "exceeded max depth");
  }
  const scan = scanStructure(text);
  if (scan.depth > JSON_DEPTH_MAX) return err("exceeded max depth");
  if (scan.unsafeNumber !== undefined) {
    return err(`json: cannot unmarshal number ${scan.unsafeNumber} without loss`);
  }
  const hasDuplicates = options.findDuplicates && scan.memberCount !== countMembers(value);
  const duplicates = hasDuplicates ? findDuplicateFields(text) : [];
  return ok({ value, strictErrors: duplicates.map((path) => `duplicate field "${path}"`) });
}
