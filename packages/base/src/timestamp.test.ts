// Times as text: equal to the platform's own parsing and printing, and strict where it is lax.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { formatMicroTime, formatTime, microTimeInUtc, parseTimestampMs } from "./mod.ts";

test("parse and format agree with the platform over ten thousand years", () => {
  const range = { min: new Date("0001-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true };
  fc.assert(
    fc.property(fc.date(range), (date) => {
      assert.equal(parseTimestampMs(date.toISOString()), date.getTime());
      assert.equal(formatTime(date.getTime()), date.toISOString().replace(/\.\d+Z$/, "Z"));
      assert.equal(formatMicroTime(date.getTime()).slice(0, 23), date.toISOString().slice(0, 23));
    }),
    { numRuns: 500 },
  );
});

test("zones and fractions", () => {
  const base = parseTimestampMs("2026-01-02T03:04:05Z") ?? 0;
  assert.equal(parseTimestampMs("2026-01-02T05:34:05+02:30"), base);
  assert.equal(parseTimestampMs("2026-01-01T22:04:05-05:00"), base);
  assert.equal(parseTimestampMs("2026-01-02t03:04:05.25z"), base + 250);
  assert.equal(formatMicroTime(base + 0.5), "2026-01-02T03:04:05.000500Z");
  assert.equal(formatMicroTime(base + 999.75), "2026-01-02T03:04:05.999750Z");
});

test("what is not a time is refused", () => {
  for (const text of [
    "",
    "2026-01-02",
    "2026-01-02 03:04:05Z",
    "2026-01-02T03:04:05",
    "2026-13-02T03:04:05Z",
    "2026-02-30T03:04:05Z",
    "2025-02-29T03:04:05Z",
    "2026-01-02T24:00:00Z",
    "2026-01-02T03:04:60Z",
    "2026-01-02T03:04:05+24:00",
    "2026-01-02T03:04:05.0000000001Z",
    "yesterday",
  ]) {
    assert.equal(parseTimestampMs(text), undefined, text);
  }
  assert.notEqual(parseTimestampMs("2024-02-29T03:04:05Z"), undefined);
});

test("microTimeInUtc keeps every microsecond and cuts what is finer", () => {
  for (const [text, expected] of [
    ["2026-01-02T03:04:05.000001Z", "2026-01-02T03:04:05.000001Z"],
    ["2026-01-02T03:04:05.999999999Z", "2026-01-02T03:04:05.999999Z"],
    ["2026-01-02T03:04:05+01:00", "2026-01-02T02:04:05.000000Z"],
    ["2026-01-02T03:04:05.5-00:30", "2026-01-02T03:34:05.500000Z"],
    ["yesterday", undefined],
  ] as const) {
    assert.equal(microTimeInUtc(text), expected);
  }
});
