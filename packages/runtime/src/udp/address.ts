// Addresses of UDP sockets: bytes and port, never text on the packet path.
import { formatIp, parseIp } from "@coracle/base";
import { UdpError } from "./udp-error.ts";

/** An IP address of 4 or 16 bytes in network order, and a port. IPv4 inside IPv6 (RFC 4291 §2.5.5.2) appears as IPv4. */
export interface UdpAddress {
  readonly address: Uint8Array;
  readonly port: number;
}

/** An address whose fields are filled again for each datagram. */
export interface MutableUdpAddress {
  address: Uint8Array;
  port: number;
}

/** Bytes in front of the IPv4 address in an IPv4-mapped IPv6 address. */
const MAPPED_PREFIX_BYTES = 12;
/** Texts remembered by an {@link AddressCache}. */
const CACHED_TEXTS_MAX = 4096;

/** Parses an IP address; throws `UdpError` BAD_ADDRESS for anything else, names included. */
export function udpAddress(host: string, port: number): UdpAddress {
  const ip = parseIp(host.split("%", 1)[0] ?? "");
  if (!ip.ok || !Number.isInteger(port) || port < 0 || port > 0xffff)
    throw new UdpError("BAD_ADDRESS", `Cannot use ${host} port ${port} as a UDP address: not an IP address and port`);
  return { address: unmapped(ip.value.bytes), port };
}

/** `192.0.2.1:5684` or `[2001:db8::1]:5684`. */
export function formatUdpAddress({ address, port }: UdpAddress): string {
  return address.length === 4 ? `${hostText(address)}:${port}` : `[${hostText(address)}]:${port}`;
}

/** The address alone, as text. */
export function hostText(address: Uint8Array): string {
  return formatIp({ family: address.length === 4 ? 4 : 6, bytes: address });
}

/** A copy that stays valid when the memory of the batch is used again. */
export function copyUdpAddress({ address, port }: UdpAddress): UdpAddress {
  return { address: address.slice(), port };
}

/**
 * A key for maps: equal for equal addresses. For IPv4 a safe integer (address × 65536 + port), which costs no memory; for
 * IPv6 a string of 18 characters.
 */
export function udpAddressKey({ address, port }: UdpAddress): number | string {
  if (address.length === 4) {
    const word = ((address[0] ?? 0) << 24) | ((address[1] ?? 0) << 16) | ((address[2] ?? 0) << 8) | (address[3] ?? 0);
    return (word >>> 0) * 0x1_0000 + port;
  }
  return String.fromCharCode(...address, port >>> 8, port & 0xff);
}

/** The 4 bytes inside an IPv4-mapped address, anything else as it is. */
function unmapped(bytes: Uint8Array): Uint8Array {
  return isMapped(bytes, 0) && bytes.length === 16 ? bytes.slice(MAPPED_PREFIX_BYTES) : bytes;
}

/** True if the 16 bytes at `offset` are `::ffff:a.b.c.d`. */
export function isMapped(bytes: Uint8Array, offset: number): boolean {
  for (let index = 0; index < 10; index++) if (bytes[offset + index] !== 0) return false;
  return bytes[offset + 10] === 0xff && bytes[offset + 11] === 0xff;
}

/** Turns the texts of runtimes that know addresses only as text into bytes and back, remembering the recent ones. */
export class AddressCache {
  readonly #bytes: Map<string, Uint8Array> = new Map();
  readonly #texts: Map<number, string> = new Map();

  /** The bytes of an address that a runtime gave. */
  bytesOf(host: string): Uint8Array {
    const known = this.#bytes.get(host);
    if (known !== undefined) return known;
    const { address } = udpAddress(host, 0);
    if (this.#bytes.size >= CACHED_TEXTS_MAX) this.#bytes.clear();
    this.#bytes.set(host, address);
    return address;
  }

  /** The text of an address. `mapped` writes IPv4 as an IPv6 socket wants it. */
  textOf(address: Uint8Array, mapped: boolean): string {
    if (address.length === 16) return hostText(address);
    const key = Number(udpAddressKey({ address, port: mapped ? 1 : 0 }));
    const known = this.#texts.get(key);
    if (known !== undefined) return known;
    const text = mapped ? `::ffff:${hostText(address)}` : hostText(address);
    if (this.#texts.size >= CACHED_TEXTS_MAX) this.#texts.clear();
    this.#texts.set(key, text);
    return text;
  }
}
