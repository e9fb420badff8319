// The look at a result's file leaves everything as it was, and says what would go wrong.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { requireWritable } from "./result-file.ts";

it("the file of a result is looked at before the run: kept if it is there, not made if not, refused if it cannot be", async () => {
  const folder = mkdtempSync(join(tmpdir(), "coracle-result-"));
  try {
    const [old, young] = [join(folder, "old.json"), join(folder, "young.json")];
    writeFileSync(old, "{}");
    for (const path of [old, young, "-", undefined]) await requireWritable(path);
    assert.equal(readFileSync(old, "utf8"), "{}");
    assert.equal(existsSync(young), false);
    await assert.rejects(requireWritable(folder), /^ExitError: --json: Cannot append to .* as it is a directory/);
    await assert.rejects(requireWritable(join(folder, "none", "x.json")), /--json: .* as it does not exist/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
