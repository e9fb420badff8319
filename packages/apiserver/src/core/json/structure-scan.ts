// One pass over JSON text that JSON.parse has accepted: what the parsed value no longer shows (RFC 8259 §4 duplicate names,
// nesting depth, numbers a double cannot hold).
import { isJsonObject } from "@coracle/api";

/** Deepest nesting of a body. Go's decoder stops at 10,000; recursion in JavaScript must stop earlier. */
export const JSON_DEPTH_MAX = 1000;

/** What one pass over the text found. */
export interface StructureScan {
  /** Object members written in the text, duplicates included. */
  readonly memberCount: number;
  readonly depth: number;
  /** First number literal that reading into a double would change, or undefined. */
  readonly unsafeNumber: string | undefined;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/** Scans valid JSON text. Strings are skipped with indexOf, so text made mostly of strings costs little. */
export function scanStructure(text: string): StructureScan {
  let memberCount = 0;
  let depth = 0;
  let depthMax = 0;
  let unsafeNumber: string | undefined;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) {
      index = closingQuote(text, index);
    } else if (code === COLON) {
      memberCount += 1;
    } else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > depthMax) depthMax = depth;
    } else if (code === 0x7d || code === 0x5d) {
      depth -= 1;
    } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      const end = numberEnd(text, index);
      // Fifteen digits always fit; an exponent may overflow.
      if (end - index > 15 || hasExponent(text, index, end)) unsafeNumber ??= unsafeLiteral(text.slice(index, end));
      index = end - 1;
    }
  }
  return { memberCount, depth: depthMax, unsafeNumber };
}

/** Index of the quote that closes the string opened at `open`. */
export function closingQuote(text: string, open: number): number {
  let close = text.indexOf('"', open + 1);
  while (close !== -1 && text.charCodeAt(close - 1) === BACKSLASH && isEscaped(text, open, close)) {
    close = text.indexOf('"', close + 1);
  }
  return close === -1 ? text.length : close;
}

/** Number of object members in a parsed value; fewer than in its text means that some name was written twice. */
export function countMembers(value: unknown): number {
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === "object") count += countMembers(item);
  } else if (isJsonObject(value)) {
    // for…in is twice as fast as Object.values here; what JSON.parse makes inherits nothing enumerable.
    for (const name in value) {
      count += 1;
      const member = value[name];
      if (typeof member === "object") count += countMembers(member);
    }
  }
  return count;
}

function isEscaped(text: string, open: number, at: number): boolean {
  let backslashes = 0;
  for (let index = at - 1; index > open && text.charCodeAt(index) === BACKSLASH; index -= 1) backslashes += 1;
  return backslashes % 2 === 1;
}

function numberEnd(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length) {
    const code = text.charCodeAt(end);
    const inNumber =
      (code >= 0x30 && code <= 0x39) ||
      code === 0x2e ||
      code === 0x2d ||
      code === 0x2b ||
      code === 0x65 ||
      code === 0x45;
    if (!inNumber) break;
    end += 1;
  }
  return end;
}

function hasExponent(text: string, start: number, end: number): boolean {
  for (let index = start; index < end; index += 1) if ((text.charCodeAt(index) | 0x20) === 0x65) return true;
  return false;
}

// Also refused: integers that fit a double but would be written with other digits.
function unsafeLiteral(literal: string): string | undefined {
  const value = Number(literal);
  if (!Number.isFinite(value)) return literal;
  const isInteger = /^-?\d+$/.test(literal);
  return isInteger && String(value) !== literal ? literal : undefined;
}
