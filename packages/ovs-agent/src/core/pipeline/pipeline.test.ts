// The whole pipeline as text, flow by flow; cookies there and back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Flow, formatFlow } from "@coracle/openflow";
import { bridgeFlows } from "./bridge-flows.ts";
import { encodeCookie, parseCookie } from "./cookie.ts";
import { LOCAL_FLOW_COUNT, localFlows } from "./local-flows.ts";
import { hostFlow, REMOTE_FLOW_COUNT, remoteFlows } from "./remote-flows.ts";

/** A line that begins with a dot goes on from the line before. */
function golden(flows: readonly Flow[], expected: string): void {
  const lines = expected
    .trim()
    .replaceAll(/\n\s*\./g, "")
    .split("\n");
  assert.deepEqual(
    flows.map(formatFlow),
    lines.map((line) => line.trim()),
  );
}

test("bridge: drops that count, no IPv6, no VLAN tags, and the ARP answer", () => {
  golden(
    bridgeFlows(3),
    `
    cookie=0x301000000000000, table=0, priority=0 actions=drop
    cookie=0x301000000000000, table=0, priority=200,ipv6 actions=drop
    cookie=0x301000000000000, table=0, priority=210,vlan_tci=0x1000/0x1000 actions=drop
    cookie=0x301000000000000, table=1, priority=0 actions=drop
    cookie=0x301000000000000, table=1, priority=105,arp actions=drop
    cookie=0x301000000000000, table=2, priority=0 actions=drop
    cookie=0x301000000000000, table=2, priority=110,arp
      . actions=move:NXM_NX_ARP_SHA[]->NXM_OF_ETH_DST[],move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[],
      .move:NXM_OF_ETH_SRC[]->NXM_NX_ARP_SHA[],move:NXM_OF_ARP_SPA[]->NXM_NX_REG0[],
      .move:NXM_OF_ARP_TPA[]->NXM_OF_ARP_SPA[],move:NXM_NX_REG0[]->NXM_OF_ARP_TPA[],set_field:2->arp_op,
      .IN_PORT
    `,
  );
});

test("local attachment 10.0.0.2 of VNI 1 at port 5", () => {
  const flows = localFlows({ kind: "local", owner: "n/a", uid: "u", vni: 1, ipv4: 0x0a00_0002 }, 5, 3);
  assert.equal(flows.length, LOCAL_FLOW_COUNT);
  golden(
    flows,
    `
    cookie=0x302060000020001, table=0, priority=120,arp,in_port=5,arp_tpa=10.0.0.2 actions=drop
    cookie=0x302060000020001, table=0, priority=110,arp,in_port=5,dl_src=06:00:00:02:00:01,arp_spa=10.0.0.2,arp_op=1,arp_sha=06:00:00:02:00:01
      . actions=set_field:0x1->tun_id,goto_table:1
    cookie=0x302060000020001, table=0, priority=110,arp,in_port=5,dl_src=06:00:00:02:00:01,arp_spa=0.0.0.0,arp_op=1,arp_sha=06:00:00:02:00:01
      . actions=set_field:0x1->tun_id,goto_table:1
    cookie=0x302060000020001, table=0, priority=100,ip,in_port=5,dl_src=06:00:00:02:00:01,nw_src=10.0.0.2
      . actions=set_field:0x1->tun_id,goto_table:1
    cookie=0x302060000020001, table=1, priority=110,arp,tun_id=0x1,arp_tpa=10.0.0.2,arp_op=1
      . actions=set_field:06:00:00:02:00:01->eth_src,goto_table:2
    cookie=0x302060000020001, table=1, priority=100,tun_id=0x1,dl_dst=06:00:00:02:00:01 actions=output:5
    `,
  );
});

test("remote attachment 192.168.1.5 of VNI 2097151 at host 192.168.56.2, tunnel at port 1", () => {
  const remote = { kind: "remote", owner: "n/b", vni: 2_097_151, ipv4: 0xc0a8_0105, hostIp: 0xc0a8_3802 } as const;
  assert.equal(remoteFlows(remote, 1, 255).length, REMOTE_FLOW_COUNT);
  golden(
    [...remoteFlows(remote, 1, 255), hostFlow(remote, 1, 255)],
    `
    cookie=0xff03faa80105ffff, table=1, priority=110,arp,tun_id=0x1fffff,arp_tpa=192.168.1.5,arp_op=1
      . actions=set_field:fa:a8:01:05:ff:ff->eth_src,goto_table:2
    cookie=0xff03faa80105ffff, table=1, priority=100,tun_id=0x1fffff,dl_dst=fa:a8:01:05:ff:ff
      . actions=set_field:192.168.56.2->tun_dst,output:1
    cookie=0xff040000c0a83802, table=0, priority=100,ip,tun_id=0x1fffff,tun_src=192.168.56.2,in_port=1
      . actions=goto_table:1
    `,
  );
});

test("a cookie tells round, category and subject; a foreign one tells nothing", () => {
  for (const category of ["bridge", "local", "remote", "host"] as const) {
    const cookie = { round: 255, category, subject: 0xfaa8_0105_ffff };
    assert.deepEqual(parseCookie(encodeCookie(cookie)), cookie);
  }
  assert.equal(parseCookie(0n), undefined);
  assert.equal(parseCookie(0x0600_0002_0001n), undefined);
  assert.equal(parseCookie(0xffff_ffff_ffff_ffffn), undefined);
  assert.equal(parseCookie(encodeCookie({ round: 256 + 7, category: "host", subject: 1 }))?.round, 7);
});
