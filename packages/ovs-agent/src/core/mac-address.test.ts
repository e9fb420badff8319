// MAC addresses and device names against their test vectors, and back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ipv4ToNumber, parseIp } from "@coracle/base";
import * as fc from "fast-check";
import { deviceName, guestMac, guestOfDevice, guestOfMac, isPrivateIpv4, macText, VNI_MAX } from "./mac-address.ts";

function ip(text: string): number {
  const parsed = parseIp(text);
  assert.ok(parsed.ok);
  return ipv4ToNumber(parsed.value);
}

const VECTORS = [
  [1, "10.0.0.2", "06:00:00:02:00:01", 0x600_0002_0001],
  [65536, "10.255.255.254", "0e:ff:ff:fe:00:00", 0xeff_fffe_0000],
  [65535, "172.16.0.2", "02:10:00:02:ff:ff", 0x210_0002_ffff],
  [74565, "172.31.200.7", "0a:1f:c8:07:23:45", 0xa1f_c807_2345],
  [2097151, "192.168.1.5", "fa:a8:01:05:ff:ff", 0xfaa8_0105_ffff],
  [2097151, "10.1.2.3", "fe:01:02:03:ff:ff", 0xfe01_0203_ffff],
] as const;

test("13.9 the vectors hold, forwards and backwards", () => {
  for (const [vni, address, text, mac] of VECTORS) {
    const ipv4 = ip(address);
    assert.equal(guestMac(vni, ipv4), mac);
    assert.equal(macText(mac), text);
    assert.equal(deviceName(vni, ipv4), `cor${text.replaceAll(":", "")}`);
    assert.deepEqual(guestOfMac(mac), { vni, ipv4 });
    assert.deepEqual(guestOfDevice(deviceName(vni, ipv4)), { vni, ipv4 });
  }
});

test("every private address of every VNI has a MAC address of its own", () => {
  const privateIpv4 = fc.oneof(
    fc.integer({ min: ip("10.0.0.0"), max: ip("10.255.255.255") }),
    fc.integer({ min: ip("172.16.0.0"), max: ip("172.31.255.255") }),
    fc.integer({ min: ip("192.168.0.0"), max: ip("192.168.255.255") }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: VNI_MAX }), privateIpv4, (vni, ipv4) => {
      assert.ok(isPrivateIpv4(ipv4));
      const mac = guestMac(vni, ipv4);
      assert.equal(Math.floor(mac / 0x100_0000_0000) & 3, 2);
      assert.deepEqual(guestOfMac(mac), { vni, ipv4 });
      assert.equal(deviceName(vni, ipv4).length, 15);
    }),
  );
});

test("foreign names and addresses are nobody's", () => {
  for (const name of ["eth0", "cor-vtep", "coracle", "cor06000002000", "cor0600000200zz", "kos060000020001"]) {
    assert.equal(guestOfDevice(name), undefined, name);
  }
  assert.equal(guestOfMac(0x500_0002_0001), undefined, "multicast");
  assert.equal(guestOfMac(0x600_0002_0000), undefined, "VNI 0");
  assert.equal(guestOfMac(0x20f_0002_0001), undefined, "172.15");
  assert.throws(() => guestMac(0, ip("10.0.0.1")), /VNI is 0/);
  assert.throws(() => guestMac(1, ip("11.0.0.1")), /RFC 1918/);
});
