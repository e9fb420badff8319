// Paths of object members written more than once, in the order and spelling of Kubernetes' strict decoder ("spec.list[0].name").
import { closingQuote } from "./structure-scan.ts";

/** Most paths reported for one body, as in Kubernetes' strict decoder. */
export const STRICT_ERRORS_MAX = 100;

interface Frame {
  /** Undefined for an array. */
  readonly names: Set<string> | undefined;
  readonly path: string;
  index: number;
}

/** Duplicate member paths of JSON text that JSON.parse has accepted; each path once, at most STRICT_ERRORS_MAX. */
export function findDuplicateFields(text: string): readonly string[] {
  const duplicates = new Set<string>();
  const frames: Frame[] = [];
  let pending = "";
  for (let index = 0; index < text.length && duplicates.size < STRICT_ERRORS_MAX; index += 1) {
    const character = text[index];
    const top = frames.at(-1);
    if (character === "{" || character === "[") {
      const path = valuePath(top, pending);
      frames.push({ names: character === "{" ? new Set() : undefined, path, index: 0 });
    } else if (character === "}" || character === "]") {
      frames.pop();
    } else if (character === ",") {
      if (top !== undefined) top.index += 1;
    } else if (character === '"') {
      const close = closingQuote(text, index);
      if (top?.names !== undefined && isMemberName(text, close)) {
        pending = String(JSON.parse(text.slice(index, close + 1)));
        if (top.names.has(pending)) duplicates.add(valuePath(top, pending));
        top.names.add(pending);
      }
      index = close;
    }
  }
  return [...duplicates];
}

function valuePath(frame: Frame | undefined, name: string): string {
  if (frame === undefined) return "";
  if (frame.names === undefined) return `${frame.path}[${frame.index}]`;
  return frame.path === "" ? name : `${frame.path}.${name}`;
}

function isMemberName(text: string, close: number): boolean {
  for (let index = close + 1; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 0x3a) return true;
    if (code !== 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) return false;
  }
  return false;
}
