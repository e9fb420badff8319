// What a laboratory is made of: names of namespaces and links, addresses of the underlay, in one place and from two inputs.
import { assert, formatIp, numberToIpv4 } from "@coracle/base";

/** Prefix of everything a laboratory makes: what starts so is ours to remove. */
export const LABORATORY_PREFIX = "cora";
/** The bridge that holds a host's underlay address, so that Open vSwitch can build and take VXLAN itself. */
export const UNDERLAY_BRIDGE = "br-phy";
/** The device of a host that leads to the switch between the hosts. */
export const UNDERLAY_DEVICE = "phy";
/** The Linux bridge between the hosts. */
export const SWITCH_BRIDGE = "underlay";
/** More hosts than this are refused: each is two processes. */
export const HOSTS_MAX = 16;

const UNDERLAY_NETWORK = 0x0a5a0000; // 10.90.0.0/24
const UNDERLAY_PREFIX_BITS = 24;
const NAME = /^cora[a-z0-9]{1,12}$/;
const HOST_NAME = /^[a-z0-9][a-z0-9-]{0,9}$/;

/** One host of a plan. */
export interface HostPlan {
  readonly name: string;
  readonly netns: string;
  /** Underlay address. */
  readonly hostIp: string;
  /** The same with its prefix length. */
  readonly hostCidr: string;
  /** MAC of the device that has the underlay address. */
  readonly hostMac: string;
  /** Device in the switch's namespace that leads to this host. */
  readonly switchPort: string;
}

/** A whole laboratory. */
export interface LaboratoryPlan {
  readonly name: string;
  /** Namespace of the switch between the hosts. */
  readonly switchNetns: string;
  readonly hosts: readonly HostPlan[];
}

/** The plan for hosts of these names. A bad name is the programmer's mistake. */
export function planLaboratory(name: string, hostNames: readonly string[]): LaboratoryPlan {
  assert(NAME.test(name), `Cannot plan a laboratory: its name "${name}" does not match ${NAME.source}`);
  assert(hostNames.length <= HOSTS_MAX, `Cannot plan ${hostNames.length} hosts: ${HOSTS_MAX} are the most`);
  assert(new Set(hostNames).size === hostNames.length, `Cannot plan hosts ${hostNames.join(", ")}: a name comes twice`);
  const hosts = hostNames.map((host, index) => {
    assert(HOST_NAME.test(host), `Cannot plan a host: its name "${host}" does not match ${HOST_NAME.source}`);
    const hostIp = formatIp(numberToIpv4(UNDERLAY_NETWORK + index + 1));
    const hostCidr = `${hostIp}/${UNDERLAY_PREFIX_BITS}`;
    const hostMac = `02:00:0a:5a:00:${(index + 1).toString(16).padStart(2, "0")}`;
    return { name: host, netns: `${name}-host-${host}`, hostIp, hostCidr, hostMac, switchPort: `to-${host}` };
  });
  return { name, switchNetns: `${name}-switch`, hosts };
}

/** The namespace of a guest of a laboratory. */
export function guestNetns(laboratory: string, guest: string): string {
  return `${laboratory}-guest-${guest}`;
}

/** `a`, `b`, … for a number of hosts. */
export function hostNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String.fromCodePoint(97 + index));
}
