// Tests of what a CIDR means, and of the names of locks.
import assert from "node:assert/strict";
import { test } from "node:test";
import { lockNameOf, readLockName } from "./lock-name.ts";
import { parseSubnetRange } from "./subnet-range.ts";

test("usable addresses of a subnet by prefix length", () => {
  const usable = (text: string): readonly number[] => {
    const range = parseSubnetRange(text);
    assert.ok(range.ok, text);
    const { min, max } = range.value.usable;
    return [min - range.value.all.min, max - min + 1];
  };
  assert.deepEqual(usable("10.0.0.0/24"), [2, 253]);
  assert.deepEqual(usable("10.0.0.0/29"), [2, 5]);
  assert.deepEqual(usable("10.0.0.0/30"), [0, 4]);
  assert.deepEqual(usable("10.0.0.0/31"), [0, 2]);
  assert.deepEqual(usable("10.0.0.0/32"), [0, 1]);
  assert.deepEqual(usable("10.0.0.7/24"), [2, 253]);
  assert.deepEqual(usable("10.0.0.0/8"), [2, 2 ** 24 - 3]);
});

test("ranges that are none", () => {
  for (const [text, code] of [
    ["", "BAD_RANGE"],
    ["10.0.0.0", "BAD_RANGE"],
    ["10.0.0.0/33", "BAD_RANGE"],
    ["fd00::/64", "NOT_IPV4"],
    ["::ffff:10.0.0.0/120", "NOT_IPV4"],
  ] as const) {
    const range = parseSubnetRange(text);
    assert.equal(range.ok ? "ok" : range.error.code, code, text);
  }
});

test("lock names: exactly six parts, decimal without leading zeros, 21 bits of VNI", () => {
  const locked = { vni: 2_097_151, address: 0x0aff0007 };
  assert.equal(lockNameOf(locked), "v1-2097151-10-255-0-7");
  assert.deepEqual(readLockName("v1-2097151-10-255-0-7"), locked);
  for (const bad of [
    "v1-0-10-0-0-1",
    "v1-2097152-10-0-0-1",
    "v1-01-10-0-0-1",
    "v2-1-10-0-0-1",
    "v1-1-10-0-0",
    "v1-1-10-0-0-1-2",
    "v1-1-10-0-0-256",
    "v1-1-10-0-0-01",
    "v1-1-10-0-0-1 ",
    "V1-1-10-0-0-1",
    "v1-+1-10-0-0-1",
  ]) {
    assert.equal(readLockName(bad), undefined, bad);
  }
});
