// Ethernet frames as tests send and read them: ARP (RFC 826) and UDP over IPv4, with sound checksums.
import { internetChecksum } from "@coracle/lab";
import { guestMac } from "../../packages/ovs-agent/src/core/mac-address.ts";

/** Size of an Ethernet header. */
export const ETHERNET_SIZE_BYTES = 14;
const ARP_SIZE_BYTES = 28;
const TYPE_IPV4 = 0x0800;
const TYPE_ARP = 0x0806;
/** The MAC address of everybody. */
export const BROADCAST = 0xffff_ffff_ffff;

/** What a test reads of a frame. */
export interface Frame {
  readonly source: number;
  readonly destination: number;
  readonly type: number;
  readonly text: string;
}

/** The MAC address a guest of ours has, as a number. */
export function macOf(vni: number, ip: string): number {
  return guestMac(vni, ipNumber(ip));
}

/** An address such as `10.0.0.2` as a number. */
export function ipNumber(ip: string): number {
  return ip.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

/** Reads a frame. */
export function frameOf(bytes: Uint8Array): Frame {
  const destination = readMac(bytes, 0);
  const source = readMac(bytes, 6);
  const type = ((bytes[12] ?? 0) << 8) | (bytes[13] ?? 0);
  const hex = [...bytes.subarray(0, 48)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return { source, destination, type, text: hex };
}

/** A broadcast ARP request. */
export function arpRequest(arp: { readonly source: number; readonly from: string; readonly to: string }): Uint8Array {
  return arpFrame({ ...arp, sender: arp.source });
}

/** An ARP message: `source` and `destination` are the frame's (default: to all), `sender` and `from` the message's. */
export function arpFrame(arp: {
  readonly source: number;
  readonly destination?: number;
  readonly sender: number;
  readonly from: string;
  readonly to: string;
  readonly isReply?: boolean;
}): Uint8Array {
  const bytes = ethernet(arp.source, arp.destination ?? BROADCAST, TYPE_ARP, ARP_SIZE_BYTES);
  const view = new DataView(bytes.buffer, ETHERNET_SIZE_BYTES);
  view.setUint16(0, 1);
  view.setUint16(2, TYPE_IPV4);
  view.setUint8(4, 6);
  view.setUint8(5, 4);
  view.setUint16(6, arp.isReply === true ? 2 : 1);
  writeMac(bytes, ETHERNET_SIZE_BYTES + 8, arp.sender);
  view.setUint32(14, ipNumber(arp.from));
  view.setUint32(24, ipNumber(arp.to));
  return bytes;
}

/** A UDP datagram to port 9 (discard), in one frame. */
export function unicastFrame(datagram: {
  readonly source: number;
  readonly destination: number;
  readonly from: string;
  readonly to: string;
}): Uint8Array {
  const payloadSizeBytes = 18;
  const bytes = ethernet(datagram.source, datagram.destination, TYPE_IPV4, 28 + payloadSizeBytes);
  const view = new DataView(bytes.buffer, ETHERNET_SIZE_BYTES);
  view.setUint8(0, 0x45);
  view.setUint16(2, 28 + payloadSizeBytes);
  view.setUint8(8, 64);
  view.setUint8(9, 17);
  view.setUint32(12, ipNumber(datagram.from));
  view.setUint32(16, ipNumber(datagram.to));
  view.setUint16(10, internetChecksum(bytes.subarray(ETHERNET_SIZE_BYTES, ETHERNET_SIZE_BYTES + 20)));
  view.setUint16(20, 9);
  view.setUint16(22, 9);
  view.setUint16(24, 8 + payloadSizeBytes);
  return bytes;
}

/** An Ethernet frame with an empty payload, padded to the least size there is. */
export function ethernet(source: number, destination: number, type: number, payloadSizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(ETHERNET_SIZE_BYTES + payloadSizeBytes, 60));
  writeMac(bytes, 0, destination);
  writeMac(bytes, 6, source);
  new DataView(bytes.buffer).setUint16(12, type);
  return bytes;
}

function readMac(bytes: Uint8Array, offset: number): number {
  let mac = 0;
  for (let index = offset; index < offset + 6; index++) mac = mac * 256 + (bytes[index] ?? 0);
  return mac;
}

function writeMac(bytes: Uint8Array, offset: number, mac: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset);
  view.setUint16(0, Math.floor(mac / 0x1_0000_0000));
  view.setUint32(2, mac % 0x1_0000_0000);
}
