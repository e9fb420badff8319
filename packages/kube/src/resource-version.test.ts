// Resource versions: KEP-5504's order, and never through a double.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { compareResourceVersions, isBehind, isComparableResourceVersion } from "./mod.ts";

test("compareResourceVersions orders as integers do, beyond 2^53 and up to 128 bits", () => {
  const version = fc.bigInt({ min: 1n, max: 2n ** 128n - 1n });
  const property = fc.property(version, version, (a, b) => {
    const order = a < b ? -1 : a > b ? 1 : 0;
    assert.equal(compareResourceVersions(String(a), String(b)), order);
    assert.equal(isBehind(String(a), String(b)), order === -1);
  });
  fc.assert(property);
  assert.equal(compareResourceVersions("9007199254740993", "9007199254740992"), 1);
  assert.equal(compareResourceVersions("9", "10"), -1);
});

test("compareResourceVersions has no answer for versions without an order", () => {
  for (const version of ["", "0", "01", "1a", "-1", "+1", "1.0", " 1", "١", "1".repeat(40)]) {
    assert.equal(isComparableResourceVersion(version), false, version);
    assert.equal(compareResourceVersions(version, "5"), undefined);
    assert.equal(compareResourceVersions("5", version), undefined);
    assert.equal(isBehind(version, "5") || isBehind("5", version), false);
  }
});
