// supported_groups and ec_point_formats (RFC 8422 §5.1): P-256 and X25519, uncompressed points.
import type { GroupName } from "../crypto-provider.ts";
import { encodeUint16List, type Extension, ExtensionType } from "./extension.ts";

const NUMBERS: Readonly<Record<GroupName, number>> = { secp256r1: 23, x25519: 29 };

/** The number of a group on the wire. */
export function groupNumber(group: GroupName): number {
  return NUMBERS[group];
}

/** The group of a number, if it is one of ours. */
export function groupByNumber(number: number): GroupName | undefined {
  if (number === NUMBERS.secp256r1) return "secp256r1";
  return number === NUMBERS.x25519 ? "x25519" : undefined;
}

export function supportedGroupsExtension(groups: readonly GroupName[]): Extension {
  return { type: ExtensionType.supportedGroups, data: encodeUint16List(groups.map(groupNumber)) };
}

/** Uncompressed points alone. */
export function ecPointFormatsExtension(): Extension {
  return { type: ExtensionType.ecPointFormats, data: Uint8Array.of(1, 0) };
}

/** True if uncompressed points are among the formats, as they must be. */
export function allowsUncompressed(data: Uint8Array): boolean {
  return data.length > 1 && data[0] === data.length - 1 && data.subarray(1).includes(0);
}

/** Bytes of an uncompressed point of P-256, and its first. */
const [P256_POINT_SIZE, UNCOMPRESSED] = [65, 4] as const;
const X25519_POINT_SIZE = 32;

/** True if a point has the one form that was agreed on (RFC 8422 §5.4, §5.11): libraries take others too. Says nothing of its place. */
export function isAgreedForm(group: GroupName, point: Uint8Array): boolean {
  if (group === "x25519") return point.length === X25519_POINT_SIZE;
  return point.length === P256_POINT_SIZE && point[0] === UNCOMPRESSED;
}
