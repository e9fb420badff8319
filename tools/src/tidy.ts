// House rules that no linter knows, as a pure function: first lines, names, sizes, leftovers.
import type { SourceFile } from "./source-tree.ts";

/** A file or line that breaks a house rule. */
export interface Untidy {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
}

const EMPTY_NAMES = /^(utils?|helpers?|common|misc|managers?)(\.|$)/i;
const LINES_MAX = 400;
const COLUMNS_MAX = 160;
// Spelt in halves so that this file does not break its own rule.
const LEFT_OPEN = [
  ["TO", "DO"],
  ["FIX", "ME"],
  ["X", "XX"],
  ["not impl", "emented"],
].map((halves) => halves.join(""));
const LEFTOVER = new RegExp(`\\b(${LEFT_OPEN.join("|")})\\b`);
const SKIPPED_TEST = /\b(?:test|it|describe|suite)\.(?:skip|todo|only)\(|\{\s*(?:skip|todo|only):\s*true/;
const MACHINE_PATH = new RegExp(`(?:^|[\\s"'\`(=:])/(?:${["work", "farm", "root", "home/\\w+"].join("|")})/`);

/** Every breach of the house rules in `files` and every bad name among `paths`. */
export function findUntidy(paths: readonly string[], files: readonly SourceFile[]): Untidy[] {
  return [...paths.flatMap(untidyName), ...files.flatMap(untidyText)];
}

function untidyName(path: string): Untidy[] {
  const parts = path.split("/");
  const found: Untidy[] = [];
  if (parts.some((part) => EMPTY_NAMES.test(part))) found.push({ path, line: 0, rule: "a name that says nothing" });
  const file = parts.at(-1) ?? "";
  if (file.endsWith(".ts") && !/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|bench|d))?\.ts$/.test(file)) {
    found.push({ path, line: 0, rule: "file names are kebab-case" });
  }
  return found;
}

function untidyText(file: SourceFile): Untidy[] {
  const { path } = file;
  const lines = file.text.split("\n");
  const found: Untidy[] = [];
  if (!/^(\/\/|\/\*\*|#!)/.test(lines[0] ?? ""))
    found.push({ path, line: 1, rule: "the first line says what the file is" });
  if (lines.length > LINES_MAX + 1)
    found.push({
      path,
      line: lines.length,
      rule: `more than ${LINES_MAX} lines`,
    });
  for (const [index, text] of lines.entries()) {
    const line = index + 1;
    if (text.length > COLUMNS_MAX && !/["'`/]/.test(text))
      found.push({ path, line, rule: `more than ${COLUMNS_MAX} columns` });
    if (LEFTOVER.test(text)) found.push({ path, line, rule: "left open" });
    if (SKIPPED_TEST.test(text)) found.push({ path, line, rule: "a skipped or focused test" });
    if (MACHINE_PATH.test(text)) found.push({ path, line, rule: "a path of somebody's machine" });
  }
  return found;
}
