// The flows of an attachment on this host: what its port may send, and what reaches it.
import { FIELD, type FieldMatch, type Flow, matchNumber, matchOf, ofPort, setBig, setNumber } from "@coracle/openflow";
import type { LocalInterface } from "../interface.ts";
import { guestMac } from "../mac-address.ts";
import { encodeCookie } from "./cookie.ts";
import { inNetwork, IS_ARP, IS_IPV4, IS_REQUEST, TO_ANSWER, TO_DESTINATION } from "./flow-parts.ts";
import { PRIORITY, TABLE } from "./table.ts";

/** How many flows a local interface has. */
export const LOCAL_FLOW_COUNT = 6;

/**
 * The six flows of a local interface at OpenFlow port `port`. From its port only its own MAC and IPv4 address may come,
 * in ARP too (or none there, as a probe of RFC 5227 has it). ARP replies are not let in: every request is answered here.
 */
export function localFlows(local: LocalInterface, port: number, round: number): readonly Flow[] {
  const { vni, ipv4 } = local;
  const mac = guestMac(vni, ipv4);
  const cookie = encodeCookie({ round, category: "local", subject: mac });
  const fromPort = matchNumber(FIELD.in_port, port);
  const asItself = [fromPort, matchNumber(FIELD.eth_src, mac)];
  const asksAsItself = [...asItself, IS_ARP, IS_REQUEST, matchNumber(FIELD.arp_sha, mac)];
  const enter = [setBig(FIELD.tun_id, BigInt(vni)), TO_DESTINATION];
  const source = (priority: number, match: readonly FieldMatch[], actions: Flow["actions"]): Flow => {
    return { table: TABLE.source, priority, match: matchOf(match), actions, cookie };
  };
  return [
    source(PRIORITY.ownAddress, [fromPort, IS_ARP, matchNumber(FIELD.arp_tpa, ipv4)], []),
    source(PRIORITY.arp, [...asksAsItself, matchNumber(FIELD.arp_spa, ipv4)], enter),
    source(PRIORITY.arp, [...asksAsItself, matchNumber(FIELD.arp_spa, 0)], enter),
    source(PRIORITY.forward, [...asItself, IS_IPV4, matchNumber(FIELD.ip_src, ipv4)], enter),
    arpFlow(local, mac, cookie),
    {
      table: TABLE.destination,
      priority: PRIORITY.forward,
      match: matchOf([inNetwork(vni), matchNumber(FIELD.eth_dst, mac)]),
      actions: [{ kind: "output", port: ofPort(port) }],
      cookie,
    },
  ];
}

/** Answers ARP requests for a guest, local or remote, in its name. */
export function arpFlow(guest: { readonly vni: number; readonly ipv4: number }, mac: number, cookie: bigint): Flow {
  return {
    table: TABLE.destination,
    priority: PRIORITY.arp,
    match: matchOf([inNetwork(guest.vni), IS_ARP, IS_REQUEST, matchNumber(FIELD.arp_tpa, guest.ipv4)]),
    actions: [setNumber(FIELD.eth_src, mac), TO_ANSWER],
    cookie,
  };
}
