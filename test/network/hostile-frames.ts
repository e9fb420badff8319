// Frames that nobody may get through, one of every kind: what a guest may send, and what a host on the underlay may inject.
import { internetChecksum } from "@coracle/lab";
import { arpFrame, BROADCAST, ethernet, ETHERNET_SIZE_BYTES, ipNumber, unicastFrame } from "./frames.ts";

/** A frame with what it tries. */
export interface HostileFrame {
  readonly kind: string;
  readonly bytes: Uint8Array;
}

/** A guest as frames name it. */
export interface FrameGuest {
  readonly mac: number;
  readonly ip: string;
}

/** Who sends, whom it imitates, and whom it tries to reach. */
export interface Scene {
  readonly own: FrameGuest;
  /** A guest of the sender's network that the sender pretends to be. */
  readonly imitated: FrameGuest;
  /** A guest of the sender's network. */
  readonly peer: FrameGuest;
  /** A guest of another network. */
  readonly other: FrameGuest;
  /** VNI of that network. */
  readonly otherVni: number;
}

const MARK_SIZE_BYTES = 8;
const TYPE = { ipv6: 0x86dd, mpls: 0x8847, experimental: 0x88b5, lldp: 0x88cc } as const;
/** EtherType of a VLAN tag. */
export const VLAN = 0x8100;
const SERVICE_VLAN = 0x88a8;
const VXLAN_PORT = 4789;
const ICMP = 1;
const NOBODY = 0x02_ff_ff_ff_ff_fe;

/** The same frame with a number at its end by which it is told again, whatever was done to its head. */
export function marked(bytes: Uint8Array, number: number): Uint8Array {
  const copy = bytes.slice();
  new DataView(copy.buffer).setBigUint64(copy.length - MARK_SIZE_BYTES, markOf(number));
  return copy;
}

/**
 * The number of a frame that {@link marked} has marked; `undefined` for any other. Padding behind the mark is skipped, and so are ICMP
 * messages: a guest that has no use for a datagram quotes it in its answer.
 */
export function readMark(bytes: Uint8Array): number | undefined {
  if (bytes[12] === 8 && bytes[13] === 0 && bytes[ETHERNET_SIZE_BYTES + 9] === ICMP) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let offset = bytes.length - MARK_SIZE_BYTES; offset >= ETHERNET_SIZE_BYTES; offset--) {
    const mark = view.getBigUint64(offset);
    if (mark >> 16n === MARK) return Number(mark & 0xffffn);
  }
  return undefined;
}

const MARK = 0x636f_7261_636cn;
const markOf = (number: number): bigint => (MARK << 16n) | BigInt(number);

/** What a guest may try. None of it may reach any other guest. */
export function guestFrames(scene: Scene): readonly HostileFrame[] {
  return [...spoofed(scene), ...arpLies(scene), ...acrossNetworks(scene), ...notSpoken(scene)];
}

function spoofed({ own, imitated, peer }: Scene): readonly HostileFrame[] {
  const to = { destination: peer.mac, to: peer.ip };
  return [
    { kind: "MAC address of another", bytes: unicastFrame({ source: imitated.mac, from: own.ip, ...to }) },
    { kind: "IPv4 address of another", bytes: unicastFrame({ source: own.mac, from: imitated.ip, ...to }) },
    { kind: "both of another", bytes: unicastFrame({ source: imitated.mac, from: imitated.ip, ...to }) },
    { kind: "no IPv4 address, as DHCP has it", bytes: unicastFrame({ source: own.mac, from: "0.0.0.0", ...to }) },
  ];
}

function arpLies({ own, imitated, peer, other }: Scene): readonly HostileFrame[] {
  const honest = { source: own.mac, sender: own.mac, from: own.ip };
  const lie = { source: own.mac, sender: own.mac, from: imitated.ip };
  return [
    { kind: "ARP request as another", bytes: arpFrame({ ...lie, to: peer.ip }) },
    { kind: "ARP request with another's MAC", bytes: arpFrame({ ...honest, sender: imitated.mac, to: peer.ip }) },
    { kind: "gratuitous ARP for another's address", bytes: arpFrame({ ...lie, to: imitated.ip }) },
    { kind: "ARP reply as another", bytes: arpFrame({ ...lie, to: peer.ip, destination: peer.mac, isReply: true }) },
    { kind: "ARP reply to all", bytes: arpFrame({ ...lie, to: peer.ip, isReply: true }) },
    { kind: "ARP request to a peer itself", bytes: arpFrame({ ...honest, to: peer.ip, destination: peer.mac }) },
    { kind: "ARP for another network", bytes: arpFrame({ ...honest, to: other.ip, destination: other.mac }) },
  ];
}

function acrossNetworks({ own, other, otherVni }: Scene): readonly HostileFrame[] {
  const bytes = unicastFrame({ source: own.mac, destination: other.mac, from: own.ip, to: other.ip });
  const asOther = unicastFrame({ source: other.mac, destination: other.mac, from: other.ip, to: other.ip });
  return [
    { kind: "guest of another network", bytes },
    { kind: "guest of another network, as itself", bytes: asOther },
    { kind: "VLAN tag of another network", bytes: tagged(bytes, VLAN, otherVni & 0xfff) },
    { kind: "VLAN tag without a number", bytes: tagged(bytes, VLAN, 0) },
    { kind: "two VLAN tags", bytes: tagged(tagged(bytes, VLAN, otherVni & 0xfff), SERVICE_VLAN, 1) },
  ];
}

function notSpoken({ own, peer }: Scene): readonly HostileFrame[] {
  const ipv4 = (destination: number, to: string): Uint8Array =>
    unicastFrame({ source: own.mac, destination, from: own.ip, to });
  const other = (type: number, destination: number): Uint8Array => ethernet(own.mac, destination, type, 50);
  return [
    { kind: "IPv4 broadcast", bytes: ipv4(BROADCAST, "255.255.255.255") },
    { kind: "a peer's packet to everybody's MAC", bytes: ipv4(BROADCAST, peer.ip) },
    { kind: "IPv4 multicast", bytes: ipv4(0x0100_5e00_0001, "224.0.0.1") },
    { kind: "a MAC address that nobody has", bytes: ipv4(NOBODY, peer.ip) },
    { kind: "IPv6 to a peer", bytes: other(TYPE.ipv6, peer.mac) },
    { kind: "IPv6 to all nodes", bytes: other(TYPE.ipv6, 0x3333_0000_0001) },
    { kind: "MPLS to a peer", bytes: other(TYPE.mpls, peer.mac) },
    { kind: "a true packet with a VLAN tag", bytes: tagged(ipv4(peer.mac, peer.ip), VLAN, 5) },
    { kind: "a true packet with a priority", bytes: tagged(ipv4(peer.mac, peer.ip), VLAN, 0x6000) },
    { kind: "a true packet with a service tag", bytes: tagged(ipv4(peer.mac, peer.ip), SERVICE_VLAN, 5) },
    { kind: "an unknown protocol to a peer", bytes: other(TYPE.experimental, peer.mac) },
    { kind: "LLDP", bytes: other(TYPE.lldp, 0x0180_c200_000e) },
    { kind: "spanning tree", bytes: other(39, 0x0180_c200_0000) },
  ];
}

/** Outer addresses and VNI of a frame in VXLAN (RFC 7348). */
export interface Tunnel {
  readonly source: FrameGuest;
  readonly destination: FrameGuest;
  readonly vni: number;
}

/** A frame in VXLAN in UDP in IPv4 in Ethernet. */
export function encapsulated(inner: Uint8Array, { source, destination, vni }: Tunnel): Uint8Array {
  const bytes = ethernet(source.mac, destination.mac, 0x0800, 36 + inner.length);
  const view = new DataView(bytes.buffer, ETHERNET_SIZE_BYTES);
  view.setUint8(0, 0x45);
  view.setUint16(2, 36 + inner.length);
  view.setUint8(8, 64);
  view.setUint8(9, 17);
  view.setUint32(12, ipNumber(source.ip));
  view.setUint32(16, ipNumber(destination.ip));
  view.setUint16(10, internetChecksum(bytes.subarray(ETHERNET_SIZE_BYTES, ETHERNET_SIZE_BYTES + 20)));
  view.setUint16(20, 50_000);
  view.setUint16(22, VXLAN_PORT);
  view.setUint16(24, 16 + inner.length);
  view.setUint8(28, 8);
  view.setUint32(32, vni * 256);
  bytes.set(inner, ETHERNET_SIZE_BYTES + 36);
  return bytes;
}

/** The frame with a tag before its type: a VLAN's number and priority (IEEE 802.1Q). */
export function tagged(bytes: Uint8Array, type: number, vlan: number): Uint8Array {
  const copy = new Uint8Array(bytes.length + 4);
  copy.set(bytes.subarray(0, 12));
  new DataView(copy.buffer).setUint32(12, type * 65_536 + vlan);
  copy.set(bytes.subarray(12), 16);
  return copy;
}
