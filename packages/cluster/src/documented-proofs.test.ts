// What docs/protocol/californium-cluster.md names is there: the tests that are its proofs, and every cause of a drop.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DROP_CAUSES, MANAGEMENT_COUNTERS, NODE_TABLE_COUNTERS } from "./mod.ts";

const ROOT = join(import.meta.dirname, "../../..");
const PAGE = readFileSync(join(ROOT, "docs/protocol/californium-cluster.md"), "utf8");
const TOKEN = /`([^`]+)`|"([^"]+)"/g;

/** Pairs of a test file and a name quoted behind it, from the last cells of the tables. */
function proofs(): { readonly file: string; readonly name: string }[] {
  const cells = PAGE.split("\n").flatMap((line) => (line.startsWith("| ") ? (line.split(" | ").at(-1) ?? "") : []));
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

test("every cause of a drop is on the protocol's page, and no other", () => {
  const [, section = ""] = PAGE.split("## Why a datagram is dropped");
  const [table = ""] = section.split("\n## ");
  const causes = table.split("\n").flatMap((line) => {
    const cell = line.startsWith("|") ? line.split("|")[2] : "";
    return [...(cell ?? "").matchAll(/`([a-z-]+)`/g)].map(([, cause]) => cause ?? "");
  });
  for (const cause of DROP_CAUSES) assert.ok(causes.includes(cause), `${cause} is not documented`);
  const known: readonly string[] = [...DROP_CAUSES, ...MANAGEMENT_COUNTERS, ...NODE_TABLE_COUNTERS];
  for (const cause of causes) assert.ok(known.includes(cause), `${cause} is documented and does not exist`);
});
