// The tests that docs/protocol/californium-cluster.md names as proofs exist under those names.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const ROOT = join(import.meta.dirname, "../../..");
const TOKEN = /`([^`]+)`|"([^"]+)"/g;

/** Pairs of a test file and a name quoted behind it, from the last cells of the tables. */
function proofs(): { readonly file: string; readonly name: string }[] {
  const text = readFileSync(join(ROOT, "docs/protocol/californium-cluster.md"), "utf8");
  const cells = text.split("\n").flatMap((line) => (line.startsWith("| ") ? (line.split(" | ").at(-1) ?? "") : []));
  return cells.flatMap((cell) => {
    let file: string | undefined;
    const found: { file: string; name: string }[] = [];
    for (const [, code, name] of cell.matchAll(TOKEN)) {
      if (code !== undefined) file = fileOf(code);
      else if (file !== undefined && name !== undefined) found.push({ file, name });
    }
    return found;
  });
}

/** Test files of this package, and of `test/`; others look after their own names. */
function fileOf(code: string): string | undefined {
  if (!code.endsWith(".test.ts")) return undefined;
  return [join(import.meta.dirname, code), join(ROOT, code)].find((path) => existsSync(path));
}

test("every proof that the protocol's page names is a test of that name", () => {
  const named = proofs();
  assert.ok(named.length >= 25, `only ${named.length} proofs were found`);
  for (const { file, name } of named) {
    const source = readFileSync(file, "utf8");
    // Names made from a list hold the part in front and the element apart; "…" stands for what is left out.
    const parts = name.split(/…|: (?=\S+$)/).map((part) => part.trim());
    for (const part of parts) assert.ok(source.includes(part), `${file} has no test "${name}": "${part}" is not there`);
  }
});
