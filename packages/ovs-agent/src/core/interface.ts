// What the fabric makes of an attachment: an interface on this host, or the way to one on another host.
import { isPrivateIpv4, VNI_MAX } from "./mac-address.ts";

/** The interface of an attachment that is placed on this host. */
export interface LocalInterface {
  readonly kind: "local";
  /** The attachment, as `namespace/name`. */
  readonly owner: string;
  /** The attachment's UID: one that was deleted and made anew under its name has another. */
  readonly uid: string;
  /** 1 to 2^21 - 1. */
  readonly vni: number;
  /** The guest's address as an unsigned 32-bit number. */
  readonly ipv4: number;
}

/** An attachment of one of our virtual networks that is placed on another host. */
export interface RemoteInterface {
  readonly kind: "remote";
  /** The attachment, as `namespace/name`. */
  readonly owner: string;
  /** 1 to 2^21 - 1. */
  readonly vni: number;
  /** The guest's address as an unsigned 32-bit number. */
  readonly ipv4: number;
  /** The underlay address of the host, as an unsigned 32-bit number. */
  readonly hostIp: number;
}

/** Either. MAC address and device name follow from `vni` and `ipv4`, see mac-address.ts. */
export type NetworkInterface = LocalInterface | RemoteInterface;

/** True if the dataplane of both is the same and both belong to the same attachment. */
export function sameInterface(a: NetworkInterface, b: NetworkInterface): boolean {
  if (a.owner !== b.owner || a.vni !== b.vni || a.ipv4 !== b.ipv4) return false;
  if (a.kind === "local") return b.kind === "local" && a.uid === b.uid;
  return b.kind === "remote" && a.hostIp === b.hostIp;
}

/** Why an interface has no place in the virtual networks, for people; `undefined` if it has one. */
export function misplacement(wanted: NetworkInterface): string | undefined {
  const { owner, vni, ipv4 } = wanted;
  if (!Number.isInteger(vni) || vni < 1 || vni > VNI_MAX) {
    return `Cannot make an interface for ${owner}: VNI is ${vni}, not 1 to ${VNI_MAX}`;
  }
  return isPrivateIpv4(ipv4) ? undefined : `Cannot make an interface for ${owner}: its address is not of RFC 1918`;
}
