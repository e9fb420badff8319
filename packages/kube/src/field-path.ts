// Paths into objects for projections: `metadata.name`, `status.podIPs[].ip`, `data.*`, `metadata.labels["a.b/c"]`.
import { err, ok, type Result } from "@coracle/base";

/** One step of a path. */
export type FieldPathStep =
  /** The member of this name. */
  | { readonly kind: "member"; readonly name: string }
  /** Every member of an object. */
  | { readonly kind: "any-member" }
  /** Every element of an array. */
  | { readonly kind: "any-element" };

/** A parsed path; empty means the whole object. */
export type FieldPath = readonly FieldPathStep[];

/** A path that breaks the grammar. */
export interface FieldPathError {
  readonly code: "INVALID_FIELD_PATH";
  readonly message: string;
}

const TOKEN = /\.?(\*|\[\]|\[\*\]|\["(?:[^"\\]|\\.)*"\]|[^.[\]"*]+)/y;

/**
 * Parses a dotted path. A leading dot (kubectl's JSONPath habit) is allowed, `[]` and `[*]` mean every element, `*` every
 * member, `["…"]` a member whose name holds dots. "" is the whole object.
 */
export function parseFieldPath(text: string): Result<FieldPath, FieldPathError> {
  const steps: FieldPathStep[] = [];
  let index = 0;
  while (index < text.length) {
    TOKEN.lastIndex = index;
    const match = TOKEN.exec(text);
    const token = match?.[1];
    if (match === null || token === undefined || !joins(match[0], token, index))
      return err({
        code: "INVALID_FIELD_PATH",
        message: `Cannot read a field path as it breaks off at character ${index}: current value is "${text}"`,
      });
    if (token === "[]" || token === "[*]") steps.push({ kind: "any-element" });
    else if (token === "*") steps.push({ kind: "any-member" });
    else if (token.startsWith("[")) steps.push({ kind: "member", name: unquote(token) });
    else steps.push({ kind: "member", name: token });
    index += match[0].length;
  }
  return ok(steps);
}

/** A bracket follows directly; everything else but the first step needs its dot. */
function joins(whole: string, token: string, index: number): boolean {
  const dotted = whole.length > token.length;
  return token.startsWith("[") ? !dotted : dotted || index === 0;
}

function unquote(token: string): string {
  return token.slice(2, -2).replaceAll(/\\(.)/g, "$1");
}
