// One requirement of a label selector and the rules it keeps (apimachinery pkg/labels).
import { validateLabelValue, validateQualifiedName } from "./label-syntax.ts";

/** How a requirement relates a key to its values. `==` is kept apart from `=` so that text survives a round trip. */
export type LabelOperator = "=" | "==" | "!=" | "in" | "notin" | "exists" | "!" | ">" | "<";

/** One requirement; a selector is the AND of several. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  /** One value for the comparisons, one or more for the sets, none for `exists` and `!`. */
  readonly values: readonly string[];
}

/** What is wrong with a requirement, in the API server's words; `undefined` when nothing is. */
export function validateRequirement(requirement: LabelRequirement): string | undefined {
  const { key, operator, values } = requirement;
  const problems: string[] = [];
  const keyProblems = validateQualifiedName(key);
  if (keyProblems.length > 0) problems.push(invalid("key", key, keyProblems.join("; ")));
  const countProblem = validateValueCount(operator, values.length);
  if (countProblem !== undefined) problems.push(`values: Invalid value: ${formatList(values)}: ${countProblem}`);
  if (operator === ">" || operator === "<") {
    for (const [index, value] of values.entries()) {
      if (parseInt64(value) === undefined)
        problems.push(invalid(`values[${index}]`, value, "for 'Gt', 'Lt' operators, the value must be an integer"));
    }
  }
  for (const [index, value] of values.entries()) {
    const valueProblems = validateLabelValue(value);
    if (valueProblems.length > 0) problems.push(invalid(`values[${index}][${key}]`, value, valueProblems.join("; ")));
  }
  if (problems.length === 0) return undefined;
  return problems.length === 1 ? problems[0] : `[${problems.join(", ")}]`;
}

function validateValueCount(operator: LabelOperator, count: number): string | undefined {
  switch (operator) {
    case "in":
    case "notin":
      return count > 0 ? undefined : "for 'in', 'notin' operators, values set can't be empty";
    case "=":
    case "==":
    case "!=":
      return count === 1 ? undefined : "exact-match compatibility requires one single value";
    case "exists":
    case "!":
      return count === 0 ? undefined : "values set must be empty for exists and does not exist";
    case ">":
    case "<":
      return count === 1 ? undefined : "for 'Gt', 'Lt' operators, exactly one value is required";
  }
}

function invalid(field: string, value: string, problem: string): string {
  return `${field}: Invalid value: ${JSON.stringify(value)}: ${problem}`;
}

function formatList(values: readonly string[]): string {
  return JSON.stringify(values);
}

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

/** A decimal 64-bit integer with optional sign, as the `>` and `<` operators read labels; else `undefined`. */
export function parseInt64(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^[+-]?[0-9]{1,40}$/.test(text)) return undefined;
  const digits = text.startsWith("+") ? text.slice(1) : text;
  const value = BigInt(digits);
  return value >= INT64_MIN && value <= INT64_MAX ? value : undefined;
}
