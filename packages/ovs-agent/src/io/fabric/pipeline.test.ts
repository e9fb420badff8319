// What the pipeline does to packets, asked of Open vSwitch's own trace on a bridge that the fabric has filled.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PrivateOvs } from "@coracle/ovsdb/testing";
import { askControlSocket, findControlSocket } from "../inspect/control-socket.ts";
import { BRIDGE, withOvsAndFabric } from "./testing/with-fabric.ts";
import { localAt, remoteAt, settle } from "./testing/fabric-contract.ts";

const A = "06:00:00:02:00:01";
const B = "06:00:00:03:00:01";
const REMOTE = "06:00:00:04:00:01";
const REMOTE_OF_2 = "06:00:00:04:00:02";

/** A tracer, with the ports' numbers filled in for the names in braces. */
async function tracer(ovs: PrivateOvs): Promise<(packet: string) => Promise<string>> {
  const socket = await findControlSocket(ovs.folder);
  assert.ok(socket !== undefined);
  const portOf = (name: string): string => ovs.vsctl(["get", "interface", name, "ofport"]).stdout.trim();
  const ports = new Map([
    ["{a}", portOf("cor060000020001")],
    ["{b}", portOf("cor060000030001")],
    ["{other}", portOf("cor060000020002")],
    ["{tunnel}", portOf("cor-vtep")],
    ["{stray}", portOf("stray")],
  ]);
  return async (packet) => {
    const told = await askControlSocket(socket, "ofproto/trace", [
      BRIDGE,
      packet.replace(/\{\w+\}/, (name) => ports.get(name) ?? name),
    ]);
    if (told.includes("skipping output to input port")) return "drop";
    const final = /Datapath actions: (.*)/.exec(told)?.[1] ?? told;
    for (const [name, port] of ports) if (told.includes(`output:${port}\n`)) return `to ${name}: ${told}`;
    return final === "drop" ? "drop" : told;
  };
}

test("what may pass passes, and nothing else: own addresses, ARP answers, tunnel input, networks apart", () =>
  withOvsAndFabric("pipeline", async ({ ovs, fabric }) => {
    ovs.vsctl(["add-port", BRIDGE, "stray", "--", "set", "interface", "stray", "type=dummy"]);
    fabric.adopt();
    for (const one of [
      localAt("n/a", 2),
      localAt("n/b", 3),
      localAt("m/a", 2, 2),
      remoteAt("n/c", 4, 7),
      remoteAt("m/c", 4, 8, 2),
    ])
      fabric.desire(one);
    await settle(fabric);
    const trace = await tracer(ovs);
    const fromA = `in_port={a},dl_src=${A}`;

    assert.match(await trace(`${fromA},dl_dst=${B},udp,nw_src=10.0.0.2,nw_dst=10.0.0.3`), /^to \{b\}/);
    const tunnelled = await trace(`${fromA},dl_dst=${REMOTE},udp,nw_src=10.0.0.2,nw_dst=10.0.0.4`);
    assert.match(tunnelled, /^to \{tunnel\}/);
    assert.match(tunnelled, /set_field:0x1->tun_id[^]*set_field:192\.168\.56\.7->tun_dst/);

    const asked = await trace(
      `${fromA},dl_dst=ff:ff:ff:ff:ff:ff,arp,arp_op=1,arp_sha=${A},arp_spa=10.0.0.2,arp_tpa=10.0.0.4`,
    );
    assert.match(asked, new RegExp(`arp_op=2[^]*IN_PORT|IN_PORT[^]*arp_spa=10\\.0\\.0\\.4`));
    assert.match(
      asked,
      new RegExp(
        `Final flow: .*dl_src=${REMOTE},dl_dst=${A},arp_spa=10.0.0.4,arp_tpa=10.0.0.2,arp_op=2,arp_sha=${REMOTE},arp_tha=${A}`,
      ),
    );
    const probe = await trace(
      `${fromA},dl_dst=ff:ff:ff:ff:ff:ff,arp,arp_op=1,arp_sha=${A},arp_spa=0.0.0.0,arp_tpa=10.0.0.3`,
    );
    assert.match(probe, /arp_spa=10\.0\.0\.3,arp_tpa=0\.0\.0\.0,arp_op=2/);

    assert.match(
      await trace(`in_port={tunnel},tun_id=1,tun_src=192.168.56.7,dl_src=${REMOTE},dl_dst=${A},udp`),
      /^to \{a\}/,
    );
    assert.match(
      await trace(`in_port={tunnel},tun_id=2,tun_src=192.168.56.8,dl_src=${REMOTE_OF_2},dl_dst=06:00:00:02:00:02,udp`),
      /^to \{other\}/,
    );

    for (const [why, packet] of [
      ["another MAC as source", `in_port={a},dl_src=${B},dl_dst=${B},udp,nw_src=10.0.0.2`],
      ["another address as source", `${fromA},dl_dst=${B},udp,nw_src=10.0.0.9`],
      ["DHCP", `${fromA},dl_dst=ff:ff:ff:ff:ff:ff,udp,nw_src=0.0.0.0,udp_src=68,udp_dst=67`],
      ["a tagged packet", `${fromA},dl_vlan=5,dl_dst=${B},udp,nw_src=10.0.0.2,nw_dst=10.0.0.3`],
      ["a packet with a priority alone", `${fromA},dl_vlan=0,dl_dst=${B},udp,nw_src=10.0.0.2,nw_dst=10.0.0.3`],
      [
        "tagged ARP",
        `${fromA},dl_vlan=5,dl_dst=ff:ff:ff:ff:ff:ff,arp,arp_op=1,arp_sha=${A},arp_spa=10.0.0.2,arp_tpa=10.0.0.4`,
      ],
      [
        "a tagged packet from the tunnel",
        `in_port={tunnel},tun_id=1,tun_src=192.168.56.7,dl_vlan=5,dl_src=${REMOTE},dl_dst=${A},udp`,
      ],
      ["IPv6", `${fromA},dl_dst=${B},ipv6`],
      ["a broadcast", `${fromA},dl_dst=ff:ff:ff:ff:ff:ff,udp,nw_src=10.0.0.2`],
      ["the address of another network", `${fromA},dl_dst=06:00:00:02:00:02,udp,nw_src=10.0.0.2`],
      ["another's address in ARP", `${fromA},dl_dst=${B},arp,arp_op=1,arp_sha=${A},arp_spa=10.0.0.3,arp_tpa=10.0.0.4`],
      ["another's MAC in ARP", `${fromA},dl_dst=${B},arp,arp_op=1,arp_sha=${B},arp_spa=10.0.0.2,arp_tpa=10.0.0.4`],
      [
        "gratuitous ARP",
        `${fromA},dl_dst=ff:ff:ff:ff:ff:ff,arp,arp_op=1,arp_sha=${A},arp_spa=10.0.0.2,arp_tpa=10.0.0.2`,
      ],
      [
        "a probe for one's own address",
        `${fromA},dl_dst=ff:ff:ff:ff:ff:ff,arp,arp_op=1,arp_sha=${A},arp_spa=0.0.0.0,arp_tpa=10.0.0.2`,
      ],
      ["an ARP reply", `${fromA},dl_dst=${B},arp,arp_op=2,arp_sha=${A},arp_spa=10.0.0.2,arp_tpa=10.0.0.3`],
      ["ARP for nobody", `${fromA},dl_dst=${B},arp,arp_op=1,arp_sha=${A},arp_spa=10.0.0.2,arp_tpa=10.0.0.9`],
      ["the tunnel from an unknown host", `in_port={tunnel},tun_id=1,tun_src=192.168.56.99,dl_dst=${A},udp`],
      ["the tunnel from a host of another network", `in_port={tunnel},tun_id=1,tun_src=192.168.56.8,dl_dst=${A},udp`],
      [
        "ARP from the tunnel",
        `in_port={tunnel},tun_id=1,tun_src=192.168.56.7,dl_dst=${A},arp,arp_op=1,arp_tpa=10.0.0.2`,
      ],
      ["the tunnel back into the tunnel", `in_port={tunnel},tun_id=1,tun_src=192.168.56.7,dl_dst=${REMOTE},udp`],
      ["a foreign port", `in_port={stray},dl_dst=${A},udp,nw_src=10.0.0.3`],
      ["the bridge's own port", `in_port=LOCAL,dl_dst=${A},udp,nw_src=10.0.0.3`],
    ] as const) {
      assert.equal(await trace(packet), "drop", why);
    }
  }));
