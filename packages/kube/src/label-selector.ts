// Label selectors: the values behind the text, matching and writing (apimachinery pkg/labels; KEP grammar in concepts/labels).
import { err, ok, type Result } from "@coracle/base";
import { type LabelOperator, type LabelRequirement, parseInt64, validateRequirement } from "./label-requirement.ts";
import { parseLabelSelectorText } from "./label-selector-parser.ts";

/** A parsed selector, sorted by key; empty matches everything. */
export type LabelSelector = readonly LabelRequirement[];

/** A selector that breaks the grammar or the rules for keys and values. */
export interface SelectorError {
  readonly code: "INVALID_SELECTOR";
  /** In the API server's words; a server sends it as the message of a BadRequest. */
  readonly message: string;
}

/** The form selectors take inside objects (meta/v1 LabelSelector). */
export interface LabelSelectorObject {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** Longest selector that is parsed; URLs are far shorter. */
const SELECTOR_SIZE_MAX = 65_536;

/** Parses the text form: `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1,m<2`. "" gives the empty selector. */
export function parseLabelSelector(text: string): Result<LabelSelector, SelectorError> {
  if (text.length > SELECTOR_SIZE_MAX) {
    return selectorError(
      `unable to parse requirement: selector of ${text.length} characters is longer than ${SELECTOR_SIZE_MAX}`,
    );
  }
  const parsed = parseLabelSelectorText(text);
  return parsed.ok ? ok(sortByKey(parsed.value)) : selectorError(parsed.error);
}

/** Builds a selector from the form inside objects. An absent object matches nothing in Kubernetes; callers decide that. */
export function labelSelectorFromObject(object: LabelSelectorObject): Result<LabelSelector, SelectorError> {
  const requirements: LabelRequirement[] = [];
  for (const [key, value] of Object.entries(object.matchLabels ?? {}))
    requirements.push({ key, operator: "=", values: [value] });
  for (const expression of object.matchExpressions ?? []) {
    const operator = OBJECT_OPERATORS[expression.operator];
    if (operator === undefined) {
      return selectorError(`"${expression.operator}" is not a valid label selector operator`);
    }
    requirements.push({
      key: expression.key,
      operator,
      values: expression.values ?? [],
    });
  }
  for (const requirement of requirements) {
    const problem = validateRequirement(requirement);
    if (problem !== undefined) return selectorError(problem);
  }
  return ok(sortByKey(requirements));
}

const OBJECT_OPERATORS: Readonly<Record<string, LabelOperator>> = {
  In: "in",
  NotIn: "notin",
  Exists: "exists",
  DoesNotExist: "!",
};

/** The text form; parsing it gives an equal selector. Set values are written sorted. */
export function formatLabelSelector(selector: LabelSelector): string {
  return selector.map(formatRequirement).join(",");
}

function formatRequirement(requirement: LabelRequirement): string {
  const { key, operator, values } = requirement;
  switch (operator) {
    case "exists":
      return key;
    case "!":
      return `!${key}`;
    case "in":
    case "notin":
      return `${key} ${operator} (${values.toSorted().join(",")})`;
    case "=":
    case "==":
    case "!=":
    case ">":
    case "<":
      return `${key}${operator}${values[0] ?? ""}`;
  }
}

/** Whether an object with these labels is selected. `!=` and `notin` also select objects without the key. */
export function matchLabelSelector(
  selector: LabelSelector,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  for (const requirement of selector) {
    const value = labels !== undefined && Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
    if (!matchRequirement(requirement, value)) return false;
  }
  return true;
}

function matchRequirement(requirement: LabelRequirement, value: string | undefined): boolean {
  const { operator, values } = requirement;
  switch (operator) {
    case "=":
    case "==":
    case "in":
      return value !== undefined && values.includes(value);
    case "!=":
    case "notin":
      return value === undefined || !values.includes(value);
    case "exists":
      return value !== undefined;
    case "!":
      return value === undefined;
    case ">":
    case "<": {
      const have = parseInt64(value);
      const want = parseInt64(values[0]);
      if (have === undefined || want === undefined) return false;
      return operator === ">" ? have > want : have < want;
    }
  }
}

/** The value a key must have, if the selector fixes one. */
export function requiredLabelValue(selector: LabelSelector, key: string): string | undefined {
  const requirement = selector.find((candidate) => candidate.key === key);
  if (requirement === undefined || requirement.values.length !== 1) return undefined;
  const { operator, values } = requirement;
  return operator === "=" || operator === "==" || operator === "in" ? values[0] : undefined;
}

function sortByKey(requirements: readonly LabelRequirement[]): LabelSelector {
  return requirements.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

function selectorError(message: string): Result<never, SelectorError> {
  return err({ code: "INVALID_SELECTOR", message });
}
