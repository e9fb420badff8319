// Times in lines for people and for programs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { clockText, rfc3339 } from "./wall-time.ts";

test("the time of day is the local one, the whole time is in UTC", () => {
  const date = new Date(2026, 0, 2, 3, 4, 5, 678);
  assert.equal(clockText(date.getTime()), "03:04:05");
  for (const time of [date, date, new Date(0), new Date(1)]) assert.equal(rfc3339(time.getTime()), time.toISOString());
});
