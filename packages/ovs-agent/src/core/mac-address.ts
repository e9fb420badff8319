// The guest MAC address as a function of VNI and private IPv4 address, its inverse, and the device name made of it.
import { assert } from "@coracle/base";

/** The largest VNI that a MAC address has room for: 21 bits. */
export const VNI_MAX = 0x1f_ffff;

/** What every device of ours on the bridge is called first. */
export const DEVICE_PREFIX = "cor";

/** A guest's place in the virtual networks. */
export interface GuestAddress {
  readonly vni: number;
  readonly ipv4: number;
}

/**
 * The locally administered unicast address of a guest, as a 48-bit number, most significant byte first. Its bytes:
 * VNI bits 20–16, one bit of the address's first octet, `10`; octets 2, 3 and 4 of the address; VNI bits 15–8 and 7–0.
 * That is injective over RFC 1918: bit 1 of the first octet tells 10 from 172 and 192, the second octet those two.
 */
export function guestMac(vni: number, ipv4: number): number {
  return guestMacHigh(vni, ipv4) * 0x1_0000_0000 + guestMacLow(vni, ipv4);
}

/** The upper 16 bits of {@link guestMac}. */
export function guestMacHigh(vni: number, ipv4: number): number {
  // Only then, as texts take longer than all the rest.
  if (!Number.isInteger(vni) || vni < 1 || vni > VNI_MAX || !isPrivateIpv4(ipv4))
    assert(false, `Cannot make a MAC address: VNI is ${vni}, and address ${ipv4}, which has to be of RFC 1918`);
  return ((vni >>> 16) << 11) | (((ipv4 >>> 25) & 1) << 10) | 0x200 | ((ipv4 >>> 16) & 0xff);
}

/** The lower 32 bits of {@link guestMac}, which say all but which of the private networks the address is of. */
export function guestMacLow(vni: number, ipv4: number): number {
  return (((ipv4 & 0xffff) << 16) | (vni & 0xffff)) >>> 0;
}

/** The VNI and address behind a MAC address of {@link guestMac}; `undefined` if it cannot be one. */
export function guestOfMac(mac: number): GuestAddress | undefined {
  const first = Math.floor(mac / 0x100_0000_0000);
  const low = Math.floor(mac / 0x1_0000) & 0xff_ffff;
  const vni = ((first >>> 3) << 16) | (mac % 0x1_0000);
  const second = low >>> 16;
  const octet = (first & 4) !== 0 ? 10 : second === 168 ? 192 : 172;
  const ipv4 = octet * 0x100_0000 + low;
  if ((first & 3) !== 2 || vni < 1 || !isPrivateIpv4(ipv4)) return undefined;
  return { vni, ipv4 };
}

/** The name of a guest's device: 15 characters, the most that Linux takes. */
export function deviceName(vni: number, ipv4: number): string {
  return DEVICE_PREFIX + guestMac(vni, ipv4).toString(16).padStart(12, "0");
}

/** The guest whose device is called so; `undefined` for a foreign name. */
export function guestOfDevice(name: string): GuestAddress | undefined {
  if (name.length !== 15 || !/^cor[0-9a-f]{12}$/.test(name)) return undefined;
  return guestOfMac(Number.parseInt(name.slice(3), 16));
}

/** A MAC address as text: `06:00:00:02:00:01`. */
export function macText(mac: number): string {
  return (mac.toString(16).padStart(12, "0").match(/../g) ?? []).join(":");
}

/** True for 10/8, 172.16/12 and 192.168/16. */
export function isPrivateIpv4(ipv4: number): boolean {
  return ipv4 >>> 24 === 10 || ipv4 >>> 20 === 0xac1 || ipv4 >>> 16 === 0xc0a8;
}
