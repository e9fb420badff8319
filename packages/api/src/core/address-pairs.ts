// Addresses that are written twice, once alone and once as a list (dual stack): the two say the same after every write.
import type { JsonObject } from "../json.ts";

/** How one address stands in the list. */
export interface AddressPair {
  /** Member with the one address, for example `podIP`. */
  readonly one: string;
  /** Member with all of them, for example `podIPs`. */
  readonly many: string;
  item(address: string): unknown;
  address(item: unknown): unknown;
}

/**
 * The object with both members agreeing: where they differ the single address wins, for writers that know no list; where only
 * one is given the other is made from it.
 */
export function withAddressPair(object: JsonObject, pair: AddressPair): JsonObject {
  const one = object[pair.one];
  const many = object[pair.many];
  const first: unknown = Array.isArray(many) && many.length > 0 ? pair.address(many[0]) : undefined;
  if (typeof one === "string" && one !== "") {
    return one === first ? object : { ...object, [pair.many]: [pair.item(one)] };
  }
  return typeof first === "string" ? { ...object, [pair.one]: first } : object;
}
