// Matches and actions that the pipeline's flows share.
import {
  type Action,
  type Field,
  FIELD,
  type FieldMatch,
  matchBig,
  matchNumber,
  VLAN_PRESENT,
  wholeField,
} from "@coracle/openflow";
import { TABLE } from "./table.ts";

/** EtherTypes (IEEE 802 numbers). */
const ETHERTYPE = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd } as const;

/** IPv4 packets. */
export const IS_IPV4: FieldMatch = matchNumber(FIELD.eth_type, ETHERTYPE.ipv4);
/** ARP packets. */
export const IS_ARP: FieldMatch = matchNumber(FIELD.eth_type, ETHERTYPE.arp);
/** IPv6 packets. */
export const IS_IPV6: FieldMatch = matchNumber(FIELD.eth_type, ETHERTYPE.ipv6);
/** Frames with a VLAN tag, of any number and priority. */
export const IS_TAGGED: FieldMatch = matchNumber(FIELD.vlan_vid, VLAN_PRESENT, VLAN_PRESENT);
/** ARP requests; needs {@link IS_ARP} beside it. */
export const IS_REQUEST: FieldMatch = matchNumber(FIELD.arp_op, 1);

/** On to the table that knows destinations. */
export const TO_DESTINATION: Action = { kind: "goto-table", table: TABLE.destination };
/** On to the table that makes a reply of an ARP request. */
export const TO_ANSWER: Action = { kind: "goto-table", table: TABLE.answer };

/** Frames of a virtual network. */
export function inNetwork(vni: number): FieldMatch {
  return matchBig(FIELD.tun_id, BigInt(vni));
}

/** Copies all of a field. */
export function moveField(from: Field, into: Field): Action {
  return { kind: "move", from: wholeField(from), into: wholeField(into) };
}
