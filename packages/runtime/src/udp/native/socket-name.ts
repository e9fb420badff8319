// struct sockaddr_in and sockaddr_in6, read and written in place.
import { isMapped, type UdpAddress } from "../address.ts";
import { AF_INET, AF_INET6 } from "./constants.ts";

/** Offsets of the address in a sockaddr_in, a sockaddr_in6, and an IPv4 address mapped into the latter. */
export const IN_ADDRESS_OFFSET = 4;
export const IN6_ADDRESS_OFFSET = 8;
export const MAPPED_ADDRESS_OFFSET = 20;

/** Bytes of a name of this family. */
export function nameSizeBytes(family: number): number {
  return family === AF_INET ? 16 : 28;
}

/** Writes `to` as a name of the socket's family at word `at`; false if an IPv6 address is given to an IPv4 socket. */
export function writeName(words: Uint32Array, at: number, family: number, to: UdpAddress): boolean {
  const { address, port } = to;
  words[at] = family | ((port & 0xff00) << 8) | ((port & 0xff) << 24);
  if (address.length === 4) {
    const word = wordAt(address, 0);
    if (family === AF_INET) {
      words[at + 1] = word;
    } else {
      words[at + 2] = 0;
      words[at + 3] = 0;
      words[at + 4] = 0xffff_0000;
      words[at + 5] = word;
    }
    return true;
  }
  if (family === AF_INET) return false;
  for (let index = 0; index < 4; index++) words[at + 2 + index] = wordAt(address, index * 4);
  return true;
}

/** Reads the name at byte `at`, as {@link writeName} takes it; copies. */
export function readName(bytes: Uint8Array, at: number): UdpAddress {
  const port = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
  if (bytes[at] !== AF_INET6) return { address: bytes.slice(at + IN_ADDRESS_OFFSET, at + 8), port };
  const end = at + IN6_ADDRESS_OFFSET + 16;
  const start = at + (isMapped(bytes, at + IN6_ADDRESS_OFFSET) ? MAPPED_ADDRESS_OFFSET : IN6_ADDRESS_OFFSET);
  return { address: bytes.slice(start, end), port };
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}
