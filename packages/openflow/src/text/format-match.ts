// Matches as ovs-ofctl prints them: the protocol word in place of EtherType and protocol, fields in its order.
import { type Field, FIELD, META_FIELD, REGISTERS } from "../flow/field.ts";
import { exactNumber, type FieldMatch, type Match } from "../flow/match.ts";
import { formatBig, formatNumber, hex } from "./field-value.ts";
import { formatVlan } from "./vlan.ts";

/** EtherType and protocol behind each protocol word. */
export const PROTOCOL_WORDS: ReadonlyMap<string, { readonly ethType: number; readonly protocol?: number }> = new Map([
  ["tcp", { ethType: 0x0800, protocol: 6 }],
  ["udp", { ethType: 0x0800, protocol: 17 }],
  ["icmp", { ethType: 0x0800, protocol: 1 }],
  ["sctp", { ethType: 0x0800, protocol: 132 }],
  ["tcp6", { ethType: 0x86dd, protocol: 6 }],
  ["udp6", { ethType: 0x86dd, protocol: 17 }],
  ["icmp6", { ethType: 0x86dd, protocol: 58 }],
  ["sctp6", { ethType: 0x86dd, protocol: 132 }],
  ["ip", { ethType: 0x0800 }],
  ["arp", { ethType: 0x0806 }],
  ["rarp", { ethType: 0x8035 }],
  ["ipv6", { ethType: 0x86dd }],
]);

/** ovs-ofctl's names in a match where they differ from those in `set_field`. */
const MATCH_NAMES: ReadonlyMap<Field, string> = new Map<Field, string>([
  [FIELD.eth_src, "dl_src"],
  [FIELD.eth_dst, "dl_dst"],
  [FIELD.eth_type, "dl_type"],
  [FIELD.ip_src, "nw_src"],
  [FIELD.ip_dst, "nw_dst"],
  [FIELD.tcp_src, "tp_src"],
  [FIELD.tcp_dst, "tp_dst"],
  [FIELD.udp_src, "tp_src"],
  [FIELD.udp_dst, "tp_dst"],
]);

const BEFORE_PROTOCOL: readonly Field[] = [
  META_FIELD.pkt_mark,
  META_FIELD.conj_id,
  META_FIELD.ct_state,
  META_FIELD.ct_zone,
  META_FIELD.ct_mark,
  META_FIELD.ct_label,
];
const AFTER_PROTOCOL: readonly Field[] = [
  ...REGISTERS,
  FIELD.tun_id,
  FIELD.tun_src,
  FIELD.tun_dst,
  META_FIELD.metadata,
  FIELD.in_port,
  FIELD.vlan_vid,
  FIELD.eth_src,
  FIELD.eth_dst,
  FIELD.eth_type,
  FIELD.ipv6_src,
  FIELD.ipv6_dst,
  FIELD.ip_src,
  FIELD.ip_dst,
  FIELD.arp_spa,
  FIELD.arp_tpa,
  FIELD.nw_proto,
  FIELD.arp_op,
  FIELD.arp_sha,
  FIELD.arp_tha,
  FIELD.icmp_type,
  FIELD.icmp_code,
  FIELD.tcp_src,
  FIELD.tcp_dst,
  FIELD.udp_src,
  FIELD.udp_dst,
];

/** The parts of a match, to be joined by commas. */
export function formatMatch(match: Match): string[] {
  const word = protocolWord(match);
  const hidden = new Set<Field>();
  if (word !== undefined) hidden.add(FIELD.eth_type);
  if (word !== undefined && PROTOCOL_WORDS.get(word)?.protocol !== undefined) hidden.add(FIELD.nw_proto);
  const take = (fields: readonly Field[]): string[] =>
    fields.flatMap((field) => {
      const entry = match.find((candidate) => candidate.kind !== "opaque" && candidate.field === field);
      return entry === undefined || hidden.has(field) ? [] : [formatEntry(entry)];
    });
  const opaque = match.filter((entry) => entry.kind === "opaque").map(formatEntry);
  return [...take(BEFORE_PROTOCOL), ...(word === undefined ? [] : [word]), ...take(AFTER_PROTOCOL), ...opaque];
}

function protocolWord(match: Match): string | undefined {
  const ethType = exactNumber(match, FIELD.eth_type);
  const protocol = exactNumber(match, FIELD.nw_proto);
  let general: string | undefined;
  for (const [word, meaning] of PROTOCOL_WORDS) {
    if (meaning.ethType !== ethType) continue;
    if (meaning.protocol === protocol && protocol !== undefined) return word;
    if (meaning.protocol === undefined) general = word;
  }
  return general;
}

function formatEntry(entry: FieldMatch): string {
  if (entry.kind === "opaque") {
    return `oxm_${hex(entry.header)}=0x${Array.from(entry.payload, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  }
  const { field } = entry;
  if (field === FIELD.vlan_vid && entry.kind === "number") return formatVlan(entry.value, entry.mask);
  const name = MATCH_NAMES.get(field) ?? field.name;
  if (field === FIELD.eth_type && entry.kind === "number")
    return `${name}=0x${entry.value.toString(16).padStart(4, "0")}`;
  return entry.kind === "number"
    ? `${name}=${formatNumber(entry.field, entry.value, entry.mask)}`
    : `${name}=${formatBig(entry.field, entry.value, entry.mask)}`;
}
