// What a subnet's CIDR means for addresses: all of it, and the part that is handed out.
import { type Cidr, err, ipv4ToNumber, maskCidr, ok, parseCidr, type Result } from "@coracle/base";
import type { AddressRange } from "./address-set.ts";

/** Addresses of a subnet. */
export interface SubnetRange {
  /** First to last address of the CIDR; an address that someone has is right anywhere in it. */
  readonly all: AddressRange;
  /** The addresses handed out. */
  readonly usable: AddressRange;
}

/** Why a text is not the range of a subnet. */
export interface SubnetRangeError {
  readonly code: "BAD_RANGE" | "NOT_IPV4";
  readonly message: string;
}

/**
 * The first two addresses (network, gateway) and the last (broadcast) of a subnet are kept back, except where the CIDR is too
 * small for that: with less than four addresses after the first, all are handed out.
 */
const KEEP_BACK_FROM = 4;

/** Reads `10.1.0.0/24`. Host bits are ignored. */
export function parseSubnetRange(text: string): Result<SubnetRange, SubnetRangeError> {
  const cidr = parseCidr(text);
  if (!cidr.ok) return err({ code: "BAD_RANGE", message: cidr.error.message });
  if (cidr.value.address.family !== 4) {
    return err({ code: "NOT_IPV4", message: `Cannot hand out addresses of "${text.slice(0, 64)}": it is not IPv4` });
  }
  return ok(subnetRange(cidr.value));
}

function subnetRange(cidr: Cidr): SubnetRange {
  const base = ipv4ToNumber(maskCidr(cidr).address);
  const last = base + 2 ** (32 - cidr.prefixLength) - 1;
  const all = { min: base, max: last };
  return { all, usable: last - base >= KEEP_BACK_FROM ? { min: base + 2, max: last - 1 } : all };
}

/** Whether the range holds the address. */
export function rangeHas({ min, max }: AddressRange, address: number): boolean {
  return address >= min && address <= max;
}
