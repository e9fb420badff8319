// The match fields of our pipelines with their OXM and NXM headers (OpenFlow 1.5.1 §7.2.3.7; Open vSwitch ovs-fields(7)).

/** How a field's value reads as text in ovs-ofctl's form. */
export type FieldForm = "hex" | "decimal" | "mac" | "ipv4" | "ipv6" | "port" | "ct-state";

interface FieldFacts {
  /** ovs-ofctl's name, as in `set_field:…->NAME`. */
  readonly name: string;
  /** The name in `load:…->NAME[]` and `move:NAME[]->…`. */
  readonly nxmName: string;
  /** OXM class and field with the length and mask bits zero. */
  readonly header: number;
  readonly sizeBits: number;
  readonly sizeBytes: number;
  readonly form: FieldForm;
  readonly isMaskable: boolean;
  /** Position on the wire: a prerequisite stands before what needs it, and the order is Open vSwitch's own. */
  readonly order: number;
}

/** A field of at most 48 bits; its values are safe integers. */
export interface NumberField extends FieldFacts {
  readonly kind: "number";
}

/** A field of 64 or 128 bits; its values are bigints. */
export interface BigField extends FieldFacts {
  readonly kind: "big";
}

/** Any field. */
export type Field = NumberField | BigField;

const OXM = 0x8000;
const NXM = 0x0001;
const PACKET_REGISTERS = 0x8001;

interface FieldSeed {
  readonly oxmClass: number;
  readonly id: number;
  readonly name: string;
  readonly nxmName: string;
  readonly form?: FieldForm;
  readonly isMaskable?: boolean;
  readonly sizeBits?: number;
}

const fieldsInOrder: Field[] = [];

function number(sizeBytes: number, seed: FieldSeed): NumberField {
  const field: NumberField = { kind: "number", ...facts(sizeBytes, seed) };
  fieldsInOrder.push(field);
  return field;
}

function big(sizeBytes: number, seed: FieldSeed): BigField {
  const field: BigField = { kind: "big", ...facts(sizeBytes, seed) };
  fieldsInOrder.push(field);
  return field;
}

function facts(sizeBytes: number, seed: FieldSeed): FieldFacts {
  return {
    name: seed.name,
    nxmName: seed.nxmName,
    header: seed.oxmClass * 0x1_0000 + (seed.id << 9),
    sizeBits: seed.sizeBits ?? sizeBytes * 8,
    sizeBytes,
    form: seed.form ?? "hex",
    isMaskable: seed.isMaskable ?? true,
    order: fieldsInOrder.length,
  };
}

/** The bit that `vlan_vid` has of every frame with a tag, beside the 12 of the number (§7.2.3.8, `OFPVID_PRESENT`). */
export const VLAN_PRESENT = 0x1000;

const exact = { isMaskable: false } as const;
const port16 = { form: "decimal" } as const;

/** Every field but the registers, by ovs-ofctl's name. Declared in wire order. */
export const FIELD: Readonly<
  Record<
    | "in_port"
    | "eth_src"
    | "eth_dst"
    | "eth_type"
    | "vlan_vid"
    | "ip_src"
    | "ip_dst"
    | "nw_proto"
    | "tcp_src"
    | "tcp_dst"
    | "udp_src"
    | "udp_dst"
    | "icmp_type"
    | "icmp_code"
    | "arp_op"
    | "arp_spa"
    | "arp_tpa"
    | "arp_sha"
    | "arp_tha"
    | "tun_src"
    | "tun_dst",
    NumberField
  > &
    Record<"ipv6_src" | "ipv6_dst" | "tun_id", BigField>
> = {
  in_port: number(4, { oxmClass: OXM, id: 0, name: "in_port", nxmName: "OXM_OF_IN_PORT", form: "port", ...exact }),
  eth_src: number(6, { oxmClass: OXM, id: 4, name: "eth_src", nxmName: "NXM_OF_ETH_SRC", form: "mac" }),
  eth_dst: number(6, { oxmClass: OXM, id: 3, name: "eth_dst", nxmName: "NXM_OF_ETH_DST", form: "mac" }),
  eth_type: number(2, { oxmClass: OXM, id: 5, name: "eth_type", nxmName: "NXM_OF_ETH_TYPE", ...exact }),
  vlan_vid: number(2, { oxmClass: OXM, id: 6, name: "vlan_vid", nxmName: "OXM_OF_VLAN_VID", sizeBits: 13, ...port16 }),
  ip_src: number(4, { oxmClass: OXM, id: 11, name: "ip_src", nxmName: "NXM_OF_IP_SRC", form: "ipv4" }),
  ip_dst: number(4, { oxmClass: OXM, id: 12, name: "ip_dst", nxmName: "NXM_OF_IP_DST", form: "ipv4" }),
  ipv6_src: big(16, { oxmClass: OXM, id: 26, name: "ipv6_src", nxmName: "NXM_NX_IPV6_SRC", form: "ipv6" }),
  ipv6_dst: big(16, { oxmClass: OXM, id: 27, name: "ipv6_dst", nxmName: "NXM_NX_IPV6_DST", form: "ipv6" }),
  nw_proto: number(1, {
    oxmClass: OXM,
    id: 10,
    name: "nw_proto",
    nxmName: "NXM_OF_IP_PROTO",
    form: "decimal",
    ...exact,
  }),
  tcp_src: number(2, { oxmClass: OXM, id: 13, name: "tcp_src", nxmName: "NXM_OF_TCP_SRC", ...port16 }),
  tcp_dst: number(2, { oxmClass: OXM, id: 14, name: "tcp_dst", nxmName: "NXM_OF_TCP_DST", ...port16 }),
  udp_src: number(2, { oxmClass: OXM, id: 15, name: "udp_src", nxmName: "NXM_OF_UDP_SRC", ...port16 }),
  udp_dst: number(2, { oxmClass: OXM, id: 16, name: "udp_dst", nxmName: "NXM_OF_UDP_DST", ...port16 }),
  icmp_type: number(1, {
    oxmClass: OXM,
    id: 19,
    name: "icmp_type",
    nxmName: "NXM_OF_ICMP_TYPE",
    form: "decimal",
    ...exact,
  }),
  icmp_code: number(1, {
    oxmClass: OXM,
    id: 20,
    name: "icmp_code",
    nxmName: "NXM_OF_ICMP_CODE",
    form: "decimal",
    ...exact,
  }),
  arp_op: number(2, { oxmClass: OXM, id: 21, name: "arp_op", nxmName: "NXM_OF_ARP_OP", form: "decimal", ...exact }),
  arp_spa: number(4, { oxmClass: OXM, id: 22, name: "arp_spa", nxmName: "NXM_OF_ARP_SPA", form: "ipv4" }),
  arp_tpa: number(4, { oxmClass: OXM, id: 23, name: "arp_tpa", nxmName: "NXM_OF_ARP_TPA", form: "ipv4" }),
  arp_sha: number(6, { oxmClass: OXM, id: 24, name: "arp_sha", nxmName: "NXM_NX_ARP_SHA", form: "mac" }),
  arp_tha: number(6, { oxmClass: OXM, id: 25, name: "arp_tha", nxmName: "NXM_NX_ARP_THA", form: "mac" }),
  tun_id: big(8, { oxmClass: OXM, id: 38, name: "tun_id", nxmName: "NXM_NX_TUN_ID" }),
  tun_src: number(4, { oxmClass: NXM, id: 31, name: "tun_src", nxmName: "NXM_NX_TUN_IPV4_SRC", form: "ipv4" }),
  tun_dst: number(4, { oxmClass: NXM, id: 32, name: "tun_dst", nxmName: "NXM_NX_TUN_IPV4_DST", form: "ipv4" }),
};

/** reg0 to reg15, 32 bits each. */
export const REGISTERS: readonly NumberField[] = Array.from({ length: 16 }, (_, id) =>
  number(4, { oxmClass: NXM, id, name: `reg${id}`, nxmName: `NXM_NX_REG${id}` }),
);
/** xreg0 to xreg7: pairs of registers, the even one in the high half. A match is always told in `reg`. */
export const DOUBLE_REGISTERS: readonly BigField[] = Array.from({ length: 8 }, (_, id) =>
  big(8, { oxmClass: PACKET_REGISTERS, id, name: `xreg${id}`, nxmName: `OXM_OF_PKT_REG${id}` }),
);
/** xxreg0 to xxreg3: four registers each, the first in the highest bits. A match is always told in `reg`. */
export const QUAD_REGISTERS: readonly BigField[] = Array.from({ length: 4 }, (_, id) =>
  big(16, { oxmClass: NXM, id: 111 + id, name: `xxreg${id}`, nxmName: `NXM_NX_XXREG${id}` }),
);

/** Fields that stand behind the registers on the wire. */
export const META_FIELD: Readonly<
  Record<"pkt_mark" | "conj_id" | "ct_state" | "ct_zone" | "ct_mark", NumberField> &
    Record<"ct_label" | "metadata", BigField>
> = {
  pkt_mark: number(4, { oxmClass: NXM, id: 33, name: "pkt_mark", nxmName: "NXM_NX_PKT_MARK" }),
  conj_id: number(4, { oxmClass: NXM, id: 37, name: "conj_id", nxmName: "NXM_NX_CONJ_ID", form: "decimal", ...exact }),
  ct_state: number(4, { oxmClass: NXM, id: 105, name: "ct_state", nxmName: "NXM_NX_CT_STATE", form: "ct-state" }),
  ct_zone: number(2, { oxmClass: NXM, id: 106, name: "ct_zone", nxmName: "NXM_NX_CT_ZONE", form: "decimal", ...exact }),
  ct_mark: number(4, { oxmClass: NXM, id: 107, name: "ct_mark", nxmName: "NXM_NX_CT_MARK" }),
  ct_label: big(16, { oxmClass: NXM, id: 108, name: "ct_label", nxmName: "NXM_NX_CT_LABEL" }),
  metadata: big(8, { oxmClass: OXM, id: 2, name: "metadata", nxmName: "OXM_OF_METADATA" }),
};

/** Every field, in wire order. */
export const FIELDS: readonly Field[] = fieldsInOrder;

/** Nicira's own numbers for fields that also have an OXM number, as older messages and `load` carry them. */
const NXM_ALIASES: readonly (readonly [header: number, field: Field])[] = [
  [0x0000_0200, FIELD.eth_dst],
  [0x0000_0400, FIELD.eth_src],
  [0x0000_0600, FIELD.eth_type],
  [0x0000_0c00, FIELD.nw_proto],
  [0x0000_0e00, FIELD.ip_src],
  [0x0000_1000, FIELD.ip_dst],
  [0x0000_1200, FIELD.tcp_src],
  [0x0000_1400, FIELD.tcp_dst],
  [0x0000_1600, FIELD.udp_src],
  [0x0000_1800, FIELD.udp_dst],
  [0x0000_1e00, FIELD.arp_op],
  [0x0000_2000, FIELD.arp_spa],
  [0x0000_2200, FIELD.arp_tpa],
  [0x0001_2000, FIELD.tun_id],
  [0x0001_2200, FIELD.arp_sha],
  [0x0001_2400, FIELD.arp_tha],
  [0x0001_2600, FIELD.ipv6_src],
  [0x0001_2800, FIELD.ipv6_dst],
];

const BY_HEADER: ReadonlyMap<number, Field> = new Map([
  ...NXM_ALIASES,
  ...FIELDS.map((field) => [field.header, field] as const),
]);
const ALIASES: Readonly<Record<string, Field>> = {
  dl_src: FIELD.eth_src,
  dl_dst: FIELD.eth_dst,
  dl_type: FIELD.eth_type,
  ip_proto: FIELD.nw_proto,
  nw_src: FIELD.ip_src,
  nw_dst: FIELD.ip_dst,
  tunnel_id: FIELD.tun_id,
};
const BY_NAME: ReadonlyMap<string, Field> = new Map([
  ...Object.entries(ALIASES),
  ...FIELDS.map((field) => [field.name, field] as const),
]);
const BY_NXM_NAME: ReadonlyMap<string, Field> = new Map(FIELDS.map((field) => [field.nxmName, field]));

const NXM_HEADERS: ReadonlyMap<Field, number> = new Map(NXM_ALIASES.map(([header, field]) => [field, header]));

/** The header by which Nicira's `load` and `move` name a field; length and mask bits are zero. */
export function nxmHeader(field: Field): number {
  return NXM_HEADERS.get(field) ?? field.header;
}

/** The field behind an OXM or NXM header whose mask bit and length are ignored. */
export function fieldByHeader(header: number): Field | undefined {
  return BY_HEADER.get((header & 0xffff_fe00) >>> 0);
}

/** The field with this ovs-ofctl name or alias (`nw_src`, `dl_dst`, …). */
export function fieldByName(name: string): Field | undefined {
  return BY_NAME.get(name);
}

/** The field with this NXM or OXM constant's name, or its ovs-ofctl name. */
export function fieldByNxmName(name: string): Field | undefined {
  return BY_NXM_NAME.get(name) ?? BY_NAME.get(name);
}
