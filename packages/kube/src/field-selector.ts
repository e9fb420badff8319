// Field selectors: `a=b,c!=d` with backslash escapes (apimachinery pkg/fields).
import { err, ok, type Result } from "@coracle/base";
import type { SelectorError } from "./label-selector.ts";

/** One term; a selector is the AND of several. */
export interface FieldRequirement {
  /** Dotted path as the resource declares it: `spec.nodeName`. */
  readonly field: string;
  readonly operator: "=" | "!=";
  readonly value: string;
}

/** A parsed selector; empty matches everything. */
export type FieldSelector = readonly FieldRequirement[];

/** Longest selector that is parsed. */
const SELECTOR_SIZE_MAX = 65_536;

/** Parses the text form. `==` means `=`; `\\`, `\,` and `\=` stand for themselves in values. "" matches everything. */
export function parseFieldSelector(text: string): Result<FieldSelector, SelectorError> {
  if (text.length > SELECTOR_SIZE_MAX)
    return fieldError(`invalid selector: ${text.length} characters are more than ${SELECTOR_SIZE_MAX}`);
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text).toSorted()) {
    if (term === "") continue;
    const at = term.search(/!=|=/);
    if (at < 0) return fieldError(`invalid selector: '${text}'; can't understand '${term}'`);
    const negated = term[at] === "!";
    const size = negated || term[at + 1] === "=" ? 2 : 1;
    const value = unescapeValue(term.slice(at + size));
    if (!value.ok) return fieldError(value.error);
    requirements.push({
      field: term.slice(0, at),
      operator: negated ? "!=" : "=",
      value: value.value,
    });
  }
  return ok(requirements);
}

/** The text form; parsing it gives an equal selector. */
export function formatFieldSelector(selector: FieldSelector): string {
  return selector.map(({ field, operator, value }) => `${field}${operator}${escapeFieldValue(value)}`).join(",");
}

/** Escapes a value for use in a field selector. */
export function escapeFieldValue(value: string): string {
  return value.replaceAll(/[\\,=]/g, (char) => `\\${char}`);
}

/** Whether an object is selected; `read` gives a field as text, "" when absent. */
export function matchFieldSelector(selector: FieldSelector, read: (field: string) => string): boolean {
  return selector.every(({ field, operator, value }) => (read(field) === value) === (operator === "="));
}

/** The value a field must have, if the selector fixes one. */
export function requiredFieldValue(selector: FieldSelector, field: string): string | undefined {
  return selector.find((requirement) => requirement.field === field && requirement.operator === "=")?.value;
}

/** Splits at commas no backslash stands before. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    if (char === "\\") index++;
    else if (char === ",") {
      terms.push(text.slice(start, index));
      start = index + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

function unescapeValue(raw: string): Result<string, string> {
  let value = "";
  for (let index = 0; index < raw.length; index++) {
    const char = raw.charAt(index);
    if (char === "\\") {
      const escaped = raw.charAt(++index);
      if (escaped !== "\\" && escaped !== "," && escaped !== "=")
        return err(`invalid field selector: invalid escape sequence: \\${escaped}`);
      value += escaped;
    } else if (char === "=" || char === ",") {
      return err(`invalid field selector: unescaped character in value: ${char.charCodeAt(0)}`);
    } else value += char;
  }
  return ok(value);
}

function fieldError(message: string): Result<never, SelectorError> {
  return err({ code: "INVALID_SELECTOR", message });
}
