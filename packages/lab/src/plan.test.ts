// Names, addresses, echo messages and device news of a laboratory.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  decodeEchoReply,
  encodeEchoRequest,
  guestNetns,
  hostNames,
  internetChecksum,
  parseLinkNews,
  planLaboratory,
} from "./mod.ts";

test("planLaboratory() gives every host its own names and addresses, and all names the laboratory's prefix", () => {
  const plan = planLaboratory("cora1", hostNames(3));
  assert.deepEqual(
    plan.hosts.map(({ name, netns, hostIp, hostMac }) => [name, netns, hostIp, hostMac]),
    [
      ["a", "cora1-host-a", "10.90.0.1", "02:00:0a:5a:00:01"],
      ["b", "cora1-host-b", "10.90.0.2", "02:00:0a:5a:00:02"],
      ["c", "cora1-host-c", "10.90.0.3", "02:00:0a:5a:00:03"],
    ],
  );
  assert.equal(plan.switchNetns, "cora1-switch");
  assert.equal(guestNetns("cora1", "blue.x"), "cora1-guest-blue.x");
});

test("planLaboratory() refuses names that would not be found again, or not fit", () => {
  for (const name of ["other", "cora", "cora-1", "cora1234567890123"]) {
    assert.throws(() => planLaboratory(name, ["a"]), /does not match/, name);
  }
  assert.throws(() => planLaboratory("cora1", ["a", "a"]), /comes twice/);
  assert.throws(() => planLaboratory("cora1", ["A"]), /does not match/);
  assert.throws(() => planLaboratory("cora1", hostNames(17)), /16 are the most/);
});

test("an echo request is told from its reply, and a broken reply from a sound one", () => {
  const request = encodeEchoRequest({ identifier: 0x1234, sequence: 7 }, 3);
  assert.equal(internetChecksum(request), 0);
  assert.deepEqual([...request.subarray(0, 2), ...request.subarray(4)], [8, 0, 0x12, 0x34, 0, 7, 8, 9, 10]);
  const reply = request.slice();
  reply[0] = 0;
  reply.set([0, 0], 2);
  new DataView(reply.buffer).setUint16(2, internetChecksum(reply));
  const packet = (message: Uint8Array): Uint8Array => Uint8Array.of(0x45, ...new Uint8Array(19), ...message);
  assert.deepEqual(decodeEchoReply(packet(reply)), { identifier: 0x1234, sequence: 7 });
  assert.equal(decodeEchoReply(packet(request)), undefined);
  reply[9] = 0;
  assert.equal(decodeEchoReply(packet(reply)), undefined);
  for (let size = 0; size < 28; size++) assert.equal(decodeEchoReply(packet(reply).subarray(0, size)), undefined);
});

test("internetChecksum() is that of RFC 1071's example", () => {
  assert.equal(internetChecksum(Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7)), 0x220d);
});

test("parseLinkNews() reads what `ip -o monitor link` prints and nothing else", () => {
  const flags = "<BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN group default";
  assert.deepEqual(parseLinkNews(`12: cor0e0102030405: ${flags}`), { kind: "present", device: "cor0e0102030405" });
  assert.deepEqual(parseLinkNews(`Deleted 2: phy@if3: ${flags}`), { kind: "gone", device: "phy" });
  assert.deepEqual(parseLinkNews(`2: phy@NONE: ${flags}`), { kind: "present", device: "phy" });
  for (const line of ["", "    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff", "[LINK]x", "x: y: z"]) {
    assert.equal(parseLinkNews(line), undefined, line);
  }
});
