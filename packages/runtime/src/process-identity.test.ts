// Telling processes apart.
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatIdentity, parseIdentity, parseStat } from "./process-identity.ts";

test("parseStat() finds state and start behind any command name", () => {
  const fields = Array.from({ length: 50 }, (_, index) => String(index + 4)).join(" ");
  assert.deepEqual(parseStat(`77 (a (weird) name) S ${fields}`), { startTicks: "22", hasEnded: false });
  const alone = fields.replace(" 20 ", " 1 ");
  assert.deepEqual(parseStat(`77 (x) Z ${alone}`), { startTicks: "22", hasEnded: true });
  assert.deepEqual(parseStat(`77 (x) Z ${fields}`), { startTicks: "22", hasEnded: false });
  assert.deepEqual(parseStat("garbage"), { startTicks: "", hasEnded: false });
});

test("parseIdentity() reads what formatIdentity() writes and nothing else", () => {
  assert.deepEqual(parseIdentity(formatIdentity({ pid: 4711, startTicks: "99" })), { pid: 4711, startTicks: "99" });
  for (const text of ["", "0:1", "1", "-1:2", "1:2:3", "x:y"]) assert.equal(parseIdentity(text), undefined, text);
});
