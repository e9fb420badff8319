// IPv4 and IPv6 addresses as values: parse (RFC 4291, strict dotted quad), print (RFC 5952), compare.
import { err, ok, type Result } from "./result.ts";

/** An address: 4 bytes for IPv4, 16 for IPv6, most significant first. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly bytes: Uint8Array;
}

/** Why a text is not an address. */
export interface IpError {
  readonly code: "BAD_IP";
  readonly message: string;
}

/** Parses a dotted quad without leading zeros, or any RFC 4291 form of IPv6 without a zone. */
export function parseIp(text: string): Result<IpAddress, IpError> {
  const bytes = text.includes(":") ? parseV6(text) : parseV4(text);
  if (bytes === undefined)
    return err({
      code: "BAD_IP",
      message: `Cannot read "${text.slice(0, 64)}" as an IP address`,
    });
  return ok({ family: bytes.length === 4 ? 4 : 6, bytes });
}

/** The canonical text: dotted quad, or RFC 5952 for IPv6 (lower case, longest run of zeros shortened). */
export function formatIp(address: IpAddress): string {
  return address.family === 4 ? address.bytes.join(".") : formatV6(address.bytes);
}

/** The 32 bits of an IPv4 address as an unsigned number. */
export function ipv4ToNumber(address: IpAddress): number {
  const [a = 0, b = 0, c = 0, d = 0] = address.bytes;
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

/** The IPv4 address with these 32 bits. */
export function numberToIpv4(value: number): IpAddress {
  return {
    family: 4,
    bytes: Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255),
  };
}

function parseV4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (const [index, part] of parts.entries()) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    bytes[index] = Number(part);
  }
  return bytes;
}

function parseV6(text: string): Uint8Array | undefined {
  if (text.length > 45) return undefined;
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? "", true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array.from({ length: Math.max(0, missing) }, () => 0), ...tail];
  const bytes = new Uint8Array(16);
  for (const [index, group] of groups.entries()) {
    bytes[index * 2] = group >>> 8;
    bytes[index * 2 + 1] = group & 255;
  }
  return bytes;
}

function parseGroups(text: string, mayEndInV4: boolean): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (mayEndInV4 && index === parts.length - 1 && part.includes(".")) {
      const v4 = parseV4(part);
      if (v4 === undefined) return undefined;
      groups.push(((v4[0] ?? 0) << 8) | (v4[1] ?? 0), ((v4[2] ?? 0) << 8) | (v4[3] ?? 0));
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return groups.length > 8 ? undefined : groups;
}

function formatV6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) => ((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0));
  let bestStart = -1;
  let bestLength = 1;
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length++;
    if (length > bestLength) {
      bestStart = start;
      bestLength = length;
    }
  }
  const hex = groups.map((group) => group.toString(16));
  if (bestStart < 0) return hex.join(":");
  return `${hex.slice(0, bestStart).join(":")}::${hex.slice(bestStart + bestLength).join(":")}`;
}
