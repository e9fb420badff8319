// One step of a field path, as managedFields spell it: `f:name`, `k:{"key":"value"}`, `v:value`, `i:0` (structured-merge-diff fieldpath).
import { isJsonObject } from "@coracle/api";
import { canonicalJson } from "../json/mod.ts";

/**
 * A step in its one canonical spelling, so that equal steps are equal texts. A field name is spelled as it is; keys and values
 * are JSON with sorted members.
 */
export type PathElement = string;

/** Step to a member of an object. */
export function fieldElement(name: string): PathElement {
  return `f:${name}`;
}

/** Step to the item of a list whose key fields have these values. */
export function keyElement(keys: { readonly [name: string]: unknown }): PathElement {
  return `k:${escapedJson(keys)}`;
}

/** The same for keys that come in the order of their names, without sorting them. */
export function orderedKeyElement(keys: readonly (readonly [string, unknown])[]): PathElement {
  let text = "";
  for (const [name, value] of keys) text += `${text === "" ? "" : ","}${JSON.stringify(name)}:${canonicalJson(value)}`;
  return `k:{${escaped(text)}}`;
}

/** Step to the item of a set. */
export function valueElement(value: unknown): PathElement {
  return `v:${escapedJson(value)}`;
}

/** Name of the member a step leads to, or undefined for other steps. */
export function fieldNameOf(element: PathElement): string | undefined {
  return element.startsWith("f:") ? element.slice(2) : undefined;
}

/** What reading a step found: the step, a kind of step from the future (to be ignored), or a malformed one. */
export type ParsedElement =
  | { readonly kind: "element"; readonly element: PathElement }
  | { readonly kind: "unknown" }
  | { readonly kind: "malformed"; readonly message: string };

/** Reads a step from a member name of fieldsV1 and brings it into canonical spelling. */
export function parsePathElement(text: string): ParsedElement {
  if (text.length < 2) return { kind: "malformed", message: "key must be 2 characters long:" };
  if (text[1] !== ":") return { kind: "malformed", message: `missing colon: ${text}` };
  if (text[0] === "f") return { kind: "element", element: text };
  if (text[0] === "i") {
    const isIndex = /^i:[+-]?\d{1,15}$/.test(text);
    return isIndex
      ? { kind: "element", element: `i:${Number(text.slice(2))}` }
      : { kind: "malformed", message: `invalid index: ${text}` };
  }
  if (text[0] !== "k" && text[0] !== "v") return { kind: "unknown" };
  const value = parsedJson(text.slice(2));
  if (value === undefined) return { kind: "malformed", message: `invalid JSON: ${text}` };
  if (text[0] === "v") return { kind: "element", element: valueElement(value) };
  if (!isJsonObject(value)) return { kind: "malformed", message: `expected object: ${text}` };
  return { kind: "element", element: keyElement(value) };
}

/** The step as conflicts print it: `.spec`, `[name="a"]`, `[="x"]`, `[0]`. */
export function printElement(element: PathElement): string {
  if (element.startsWith("f:")) return `.${element.slice(2)}`;
  if (element.startsWith("i:")) return `[${element.slice(2)}]`;
  const value = parsedJson(element.slice(2));
  if (element.startsWith("v:")) return `[=${JSON.stringify(value)}]`;
  const keys = isJsonObject(value) ? value : {};
  return `[${Object.entries(keys)
    .map(([name, key]) => `${name}=${JSON.stringify(key)}`)
    .join(",")}]`;
}

const RANKS: readonly string[] = ["f", "k", "v", "i"];

/** Order in which Kubernetes writes steps: members, keyed items, set items, indexes; each kind by content. */
export function compareElements(a: PathElement, b: PathElement): number {
  // Nearly all steps are members.
  if (a.charCodeAt(0) === 0x66 && b.charCodeAt(0) === 0x66) return compareTexts(a, b);
  const rank = RANKS.indexOf(a.charAt(0)) - RANKS.indexOf(b.charAt(0));
  if (rank !== 0) return rank;
  if (a === b) return 0;
  if (a.startsWith("i:")) return Number(a.slice(2)) - Number(b.slice(2));
  const left = parsedJson(a.slice(2));
  const right = parsedJson(b.slice(2));
  return a.startsWith("v:") ? compareValues(left, right) : compareKeys(left, right);
}

function compareKeys(a: unknown, b: unknown): number {
  const left = isJsonObject(a) ? Object.entries(a) : [];
  const right = isJsonObject(b) ? Object.entries(b) : [];
  for (const [index, [name, value]] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const order = compareTexts(name, other[0]) || compareValues(value, other[1]);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

// Numbers come first, then texts, then booleans, then the rest.
function compareValues(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return compareTexts(a, b);
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  return valueRank(a) - valueRank(b) || compareTexts(canonicalJson(a), canonicalJson(b));
}

function valueRank(value: unknown): number {
  const rank = ["number", "string", "boolean"].indexOf(typeof value);
  return rank === -1 ? 3 : rank;
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

// Go escapes these five inside JSON texts; the spelling is part of the name, so it must be the same.
function escapedJson(value: unknown): string {
  return escaped(canonicalJson(value));
}

const ESCAPED = /[<>&\u2028\u2029]/;
const ESCAPED_EVERYWHERE = new RegExp(ESCAPED, "g");

function escaped(text: string): string {
  if (!ESCAPED.test(text)) return text;
  return text.replace(ESCAPED_EVERYWHERE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
