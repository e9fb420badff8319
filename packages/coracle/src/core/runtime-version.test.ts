// Old runtimes are told from usable ones.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isOldRuntime } from "./runtime-version.ts";

test("isOldRuntime() compares numbers, not texts", () => {
  assert.equal(isOldRuntime("bun", "1.3.14"), true);
  assert.equal(isOldRuntime("bun", "1.4.5"), false);
  assert.equal(isOldRuntime("bun", "1.10.0"), false);
  assert.equal(isOldRuntime("deno", "2.9.6"), false);
  assert.equal(isOldRuntime("deno", "1.46.3"), true);
});
