// Retry-After as seconds and as each of the three date forms.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseHttpDate, parseRetryAfter, RETRY_AFTER_MS_MAX } from "./mod.ts";

const WALL_MS = Date.UTC(1994, 10, 6, 8, 49, 30);

test("parseRetryAfter takes seconds and dates, and bounds both", () => {
  const cases: [string | undefined, number | undefined][] = [
    ["0", 0],
    ["12", 12_000],
    [" 7 ", 7000],
    ["999999999", RETRY_AFTER_MS_MAX],
    ["Sun, 06 Nov 1994 08:49:37 GMT", 7000],
    ["Sunday, 06-Nov-94 08:49:37 GMT", RETRY_AFTER_MS_MAX],
    ["Sun Nov  6 08:49:37 1994", 7000],
    ["Sun, 06 Nov 1994 08:49:00 GMT", 0],
    ["Sun, 06 Nov 2094 08:49:00 GMT", RETRY_AFTER_MS_MAX],
    [undefined, undefined],
    ["", undefined],
    ["soon", undefined],
    ["-1", undefined],
    ["1.5", undefined],
    ["Sun, 06 Nob 1994 08:49:37 GMT", undefined],
    ["Sun, 06 Nov 1994 28:49:37 GMT", undefined],
  ];
  for (const [header, expected] of cases) assert.equal(parseRetryAfter(header, WALL_MS), expected, header ?? "none");
});

test("parseHttpDate agrees with the platform's calendar", () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date(Date.UTC(9999, 0, 1)), noInvalidDate: true }), (date) => {
      assert.equal(parseHttpDate(date.toUTCString()), Math.floor(date.getTime() / 1000) * 1000);
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => void parseRetryAfter(text, 0)));
});
