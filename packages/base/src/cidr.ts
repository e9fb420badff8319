// Address ranges in prefix form (RFC 4632, RFC 4291 §2.3): parse, contain, overlap.
import { formatIp, type IpAddress, parseIp } from "./ip.ts";
import { err, ok, type Result } from "./result.ts";

/** A prefix. `address` is kept as written; bits behind `prefixLength` may be set and are ignored. */
export interface Cidr {
  readonly address: IpAddress;
  readonly prefixLength: number;
}

/** Why a text is not a prefix. */
export interface CidrError {
  readonly code: "BAD_CIDR";
  readonly message: string;
}

/** Parses `ADDRESS/LENGTH`. Host bits are allowed here; {@link hasHostBits} tells. */
export function parseCidr(text: string): Result<Cidr, CidrError> {
  const bad = (why: string): Result<Cidr, CidrError> =>
    err({
      code: "BAD_CIDR",
      message: `Cannot read "${text.slice(0, 64)}" as a CIDR: ${why}`,
    });
  const slash = text.lastIndexOf("/");
  if (slash < 0) return bad("no / in it");
  const address = parseIp(text.slice(0, slash));
  if (!address.ok) return bad("the part before / is not an IP address");
  const lengthText = text.slice(slash + 1);
  const lengthMax = address.value.family === 4 ? 32 : 128;
  if (!/^(0|[1-9]\d{0,2})$/.test(lengthText) || Number(lengthText) > lengthMax) {
    return bad(`the prefix length must be a number from 0 to ${lengthMax}`);
  }
  return ok({ address: address.value, prefixLength: Number(lengthText) });
}

/** `ADDRESS/LENGTH` in canonical text, host bits kept. */
export function formatCidr(cidr: Cidr): string {
  return `${formatIp(cidr.address)}/${cidr.prefixLength}`;
}

/** True if a bit behind the prefix is set. */
export function hasHostBits(cidr: Cidr): boolean {
  const { bytes } = cidr.address;
  for (let bit = cidr.prefixLength; bit < bytes.length * 8; bit++) {
    if (((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) return true;
  }
  return false;
}

/** The same range with host bits cleared. */
export function maskCidr(cidr: Cidr): Cidr {
  const bytes = Uint8Array.from(cidr.address.bytes, (byte, index) => {
    const kept = Math.min(8, Math.max(0, cidr.prefixLength - index * 8));
    return byte & (0xff << (8 - kept));
  });
  return {
    address: { family: cidr.address.family, bytes },
    prefixLength: cidr.prefixLength,
  };
}

/** True if `address` lies in `cidr`; false across families. */
export function cidrContains(cidr: Cidr, address: IpAddress): boolean {
  return cidr.address.family === address.family && samePrefix(cidr.address.bytes, address.bytes, cidr.prefixLength);
}

/** True if every address of `inner` lies in `outer`. */
export function cidrCovers(outer: Cidr, inner: Cidr): boolean {
  return outer.prefixLength <= inner.prefixLength && cidrContains(outer, inner.address);
}

/** True if the two ranges share an address. */
export function cidrsOverlap(a: Cidr, b: Cidr): boolean {
  return cidrCovers(a, b) || cidrCovers(b, a);
}

function samePrefix(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  const whole = bits >> 3;
  for (let index = 0; index < whole; index++) if (a[index] !== b[index]) return false;
  const rest = bits & 7;
  if (rest === 0) return true;
  return ((a[whole] ?? 0) ^ (b[whole] ?? 0)) >> (8 - rest) === 0;
}
