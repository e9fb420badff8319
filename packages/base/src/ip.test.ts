// Addresses and prefixes: canonical forms, refusals, containment.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cidrContains, cidrsOverlap, formatCidr, formatIp, hasHostBits, parseCidr, parseIp } from "./mod.ts";

function ip(text: string) {
  const parsed = parseIp(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

function cidr(text: string) {
  const parsed = parseCidr(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

test("parseIp() and formatIp() agree on canonical text", () => {
  for (const text of ["0.0.0.0", "10.1.2.255", "::", "::1", "2001:db8::1", "1:2:3:4:5:6:7:8", "1:0:0:2::3"]) {
    assert.equal(formatIp(ip(text)), text);
  }
  assert.equal(formatIp(ip("2001:DB8:0:0:1:0:0:1")), "2001:db8::1:0:0:1");
  assert.equal(formatIp(ip("::ffff:10.0.0.1")), "::ffff:a00:1");
});

test("parseIp() refuses what is not an address", () => {
  for (const text of [
    "",
    "1.2.3",
    "01.2.3.4",
    "256.1.1.1",
    "1:2",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7:8:9",
    "g::",
    "::%eth0",
    "1:2:3:4:5:6:7:8::",
  ]) {
    assert.equal(parseIp(text).ok, false, text);
  }
});

test("prefixes contain, overlap and tell host bits", () => {
  assert.ok(cidrContains(cidr("10.1.0.0/16"), ip("10.1.255.3")));
  assert.ok(!cidrContains(cidr("10.1.0.0/16"), ip("10.2.0.0")));
  assert.ok(!cidrContains(cidr("::/0"), ip("10.2.0.0")));
  assert.ok(cidrContains(cidr("10.1.2.0/23"), ip("10.1.3.9")));
  assert.ok(cidrsOverlap(cidr("10.0.0.0/8"), cidr("10.9.0.0/16")));
  assert.ok(!cidrsOverlap(cidr("10.0.0.0/25"), cidr("10.0.0.128/25")));
  assert.ok(hasHostBits(cidr("10.0.0.7/24")));
  assert.ok(!hasHostBits(cidr("10.0.0.0/24")));
  assert.equal(formatCidr(cidr("10.0.0.7/24")), "10.0.0.7/24");
  for (const text of ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "x/8", "::/129"]) {
    assert.equal(parseCidr(text).ok, false, text);
  }
});
