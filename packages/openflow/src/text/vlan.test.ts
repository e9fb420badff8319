// VLAN tags in a match: what ovs-ofctl writes for each and what it takes, and bits that no tag has.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteReader } from "@coracle/base";
import { FIELD, formatMatch, matchNumber, MessageBuffer, parseFlow } from "../mod.ts";
import { encodeMatch, parseMatch } from "../wire/oxm.ts";

/** What `text` matches, as ovs-ofctl 3.1 prints it (`ovs-ofctl -O OpenFlow15 parse-flows`). */
function printed(text: string): string {
  const flow = parseFlow(`${text},actions=drop`);
  return flow.ok ? formatMatch(flow.value.match).join(",") : flow.error.message;
}

test("each way of writing a tag means what ovs-ofctl means by it", () => {
  for (const [text, expected] of [
    ["vlan_tci=0x1000/0x1000", "vlan_tci=0x1000/0x1000"],
    ["dl_vlan=5", "dl_vlan=5"],
    ["dl_vlan=0", "dl_vlan=0"],
    ["dl_vlan=0xffff", "vlan_tci=0x0000/0x1fff"],
    ["vlan_vid=0x1005", "dl_vlan=5"],
    ["vlan_vid=0x1005/0x1fff", "dl_vlan=5"],
    ["vlan_tci=0", "vlan_tci=0x0000/0x1fff"],
    ["vlan_tci=0x1/0xfff", "vlan_tci=0x0001/0x0fff"],
    [
      "ip,vlan_vid=0x0/0x1000,in_port=1,dl_src=02:00:00:00:00:01",
      "ip,in_port=1,vlan_tci=0x0000/0x1000,dl_src=02:00:00:00:00:01",
    ],
  ] as const) {
    assert.equal(printed(text), expected);
  }
});

test("what is no tag, or has a priority, is refused", () => {
  for (const text of [
    "dl_vlan=4096",
    "dl_vlan=5/1",
    "dl_vlan=x",
    "vlan_tci=0x1005",
    "vlan_tci=0x2000/0xe000",
    "vlan_vid=0x2000",
    "vlan_vid=1/",
  ]) {
    assert.match(printed(text), /it is no VLAN number, or has a priority/, text);
  }
});

test("on the wire bits beyond the 13 of a tag make another field's value, which is kept as it came", () => {
  for (const hex of ["80000c02ffff", "80000d0410003000"]) {
    const body = Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    const buffer = new MessageBuffer(64);
    buffer.uint16(1);
    buffer.uint16(4 + body.length);
    buffer.bytes(body);
    buffer.padTo8(0);
    const parsed = parseMatch(new ByteReader(buffer.written()));
    assert.ok(parsed.ok && parsed.value[0]?.kind === "opaque");
    const again = new MessageBuffer(64);
    encodeMatch(again, parsed.value);
    assert.deepEqual(again.written(), buffer.written());
  }
  assert.throws(() => matchNumber(FIELD.vlan_vid, 0x2000), /does not fit 13 bits/);
});
