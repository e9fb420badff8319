// Settings of the Open vSwitch fabric, and the names that it uses in the database.
import type { BackoffOptions, Clock } from "@coracle/base";

/** How the fabric reaches Open vSwitch and what it makes there. */
export interface OvsFabricOptions {
  /** Where `db.sock` and `BRIDGE.mgmt` are. Default `/var/run/openvswitch`. */
  readonly runDirectory?: string;
  /** Default `coracle`. */
  readonly bridge?: string;
  /** Default `cor-vtep`. */
  readonly tunnel?: string;
  /** This host's underlay address as text: the outer source of tunnel packets. */
  readonly hostIp: string;
  /** Largest IP packet of the underlay; guests get 50 bytes less. Default 1500. */
  readonly underlayMtu?: number;
  /** The bridge's `datapath_type`; left as it is without one. `netdev` needs no kernel module. */
  readonly datapathType?: string;
  /** Type of local devices. Default `internal`. */
  readonly deviceType?: string;
  /** UDP port of VXLAN. Default 4789. */
  readonly vxlanPort?: number;
  /** How long ovs-vswitchd may take for a change of the database. Default 10 s. */
  readonly configureTimeoutMs?: number;
  /** How often to look for flows that others have changed. Default 10 s. */
  readonly auditIntervalMs?: number;
  readonly backoff?: BackoffOptions;
  readonly clock?: Clock;
  /** Owners in one bundle at most; see `DESIRED_LIMITS`. */
  readonly bundleOwnersMax?: number;
  readonly onLog?: (message: string, facts: Readonly<Record<string, unknown>>) => void;
}

/** Outer Ethernet, IPv4, UDP and VXLAN headers (RFC 7348 §5). */
const VXLAN_OVERHEAD_BYTES = 50;

/** Keys in `external_ids`. */
export const EXTERNAL_ID = {
  owner: "coracle-owner",
  uid: "coracle-uid",
  vni: "coracle-vni",
  ipv4: "coracle-ipv4",
  round: "coracle-round",
} as const;

/** Every version of OpenFlow, as the bridge offers them. */
export const PROTOCOLS = ["OpenFlow10", "OpenFlow11", "OpenFlow12", "OpenFlow13", "OpenFlow14", "OpenFlow15"] as const;

/** OpenFlow 1.4 with bundles is on by default from this version. */
export const OVS_VERSION_MIN = [2, 8] as const;

/** The MTU of a new device. */
const DEVICE_MTU = 1500;

/** All settings. */
export type OvsSettings = Required<Omit<OvsFabricOptions, "datapathType" | "backoff" | "clock" | "onLog">> &
  Pick<OvsFabricOptions, "datapathType" | "backoff" | "clock" | "onLog">;

/** Settings with their defaults. */
export function ovsSettings(options: OvsFabricOptions): OvsSettings {
  return {
    runDirectory: "/var/run/openvswitch",
    bridge: "coracle",
    tunnel: "cor-vtep",
    underlayMtu: 1500,
    deviceType: "internal",
    vxlanPort: 4789,
    configureTimeoutMs: 10_000,
    auditIntervalMs: 10_000,
    bundleOwnersMax: 8192,
    ...options,
  };
}

/** The MTU of a guest's device. */
export function guestMtu(settings: OvsSettings): number {
  return settings.underlayMtu - VXLAN_OVERHEAD_BYTES;
}

/** What a guest's device has to ask for by itself: nothing where the bridge asks for all. */
export function guestMtuRequest(settings: OvsSettings): number | undefined {
  const mtu = guestMtu(settings);
  return settings.deviceType === "internal" && mtu <= DEVICE_MTU ? undefined : mtu;
}
