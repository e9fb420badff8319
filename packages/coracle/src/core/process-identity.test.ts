// Telling processes apart.
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatIdentity, parseIdentity, startTicksOf } from "./process-identity.ts";

test("startTicksOf() finds field 22 behind any command name", () => {
  const fields = Array.from({ length: 50 }, (_, index) => String(index + 3));
  assert.equal(startTicksOf(`77 (a (weird) name) ${fields.join(" ")}`), "22");
  assert.equal(startTicksOf("garbage"), "");
});

test("parseIdentity() reads what formatIdentity() writes and nothing else", () => {
  assert.deepEqual(parseIdentity(formatIdentity({ pid: 4711, startTicks: "99" })), { pid: 4711, startTicks: "99" });
  for (const text of ["", "0:1", "1", "-1:2", "1:2:3", "x:y"]) assert.equal(parseIdentity(text), undefined, text);
});
