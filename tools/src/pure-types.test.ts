// In pure code a global clock, timer, fetch, console or process does not exist: using one is a type error.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { workspaceRoot } from "./source-tree.ts";

const globals = [
  "setTimeout(() => undefined, 1)",
  'fetch("http://127.0.0.1")',
  "console.log(1)",
  "process.pid",
  "crypto.randomUUID()",
  "performance.now()",
  "Bun.version",
  "Buffer.alloc(1)",
];

test("each runtime global is a type error under tsconfig.pure.json", () => {
  // Inside the workspace so that the compiler resolves the same packages; git ignores nothing here because it is removed.
  const folder = mkdtempSync(join(workspaceRoot, "node_modules", ".pure-types-"));
  try {
    const lines = globals.map((expression, index) => `export const value${index}: unknown = ${expression};`);
    writeFileSync(join(folder, "planted.ts"), lines.join("\n"));
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        extends: join(workspaceRoot, "tsconfig.pure.json"),
        include: ["planted.ts"],
        exclude: [],
      }),
    );
    const check = spawnSync("bun", ["check", "--no-pretty", "--all", "-p", join(folder, "tsconfig.json")], {
      encoding: "utf8",
    });
    const output = check.stdout + check.stderr;
    assert.notEqual(check.status, 0, output);
    for (const [index, expression] of globals.entries()) {
      assert.match(output, new RegExp(`planted\\.ts\\(${index + 1},`), `${expression} was let through:\n${output}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
