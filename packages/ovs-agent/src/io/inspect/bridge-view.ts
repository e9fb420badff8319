// One look at the bridge: its flows and the local interfaces on it, over connections that end at once.
import type { FlowStats } from "@coracle/openflow";
import { openOpenflow } from "@coracle/openflow/io";
import { openOvsdb } from "@coracle/ovsdb/io";
import { joinPath, sleep } from "@coracle/runtime";
import type { LocalInterface } from "../../core/interface.ts";
import { messageOf } from "../fabric/fabric-error.ts";
import { findBridge, localOfDevice, OVS_TABLE, portsOf } from "../fabric/ovs-database.ts";
import { InspectError } from "./inspect-error.ts";

/** Where to look. */
export interface BridgeLocation {
  /** Default `/var/run/openvswitch`. */
  readonly runDirectory?: string;
  /** Default `coracle`. */
  readonly bridge?: string;
  /** Default 5 s. */
  readonly timeoutMs?: number;
}

/** A local interface and its OpenFlow port. */
export interface PlacedInterface {
  readonly local: LocalInterface;
  readonly ofport: number;
}

/** All settings of a location. */
export function locationOf(location: BridgeLocation): Required<BridgeLocation> {
  return { runDirectory: "/var/run/openvswitch", bridge: "coracle", timeoutMs: 5000, ...location };
}

/** Every flow on the bridge. Rejects with `UNREACHABLE`. */
export async function readFlows(location: BridgeLocation): Promise<readonly FlowStats[]> {
  const { runDirectory, bridge, timeoutMs } = locationOf(location);
  let why = "it does not answer";
  const client = openOpenflow({
    target: { path: joinPath(runDirectory, `${bridge}.mgmt`) },
    requestTimeoutMs: timeoutMs,
    onNotice: (notice) => {
      if (notice.kind === "down") why = notice.message;
    },
  });
  const enough = new AbortController();
  try {
    const late = sleep(timeoutMs, enough.signal).then(() => Promise.reject(new Error(why)));
    return await Promise.race([client.whenReady().then(() => client.dumpFlows()), late]);
  } catch (thrown) {
    const text = `Cannot read the flows of bridge ${bridge}: ${messageOf(thrown)}`;
    throw new InspectError("UNREACHABLE", text, { cause: thrown });
  } finally {
    enough.abort();
    await client.close();
  }
}

/** The local interfaces on the bridge, as their devices are marked. Rejects with `UNREACHABLE`. */
export async function readInterfaces(location: BridgeLocation): Promise<readonly PlacedInterface[]> {
  const { runDirectory, bridge, timeoutMs } = locationOf(location);
  const database = openOvsdb({
    target: { path: joinPath(runDirectory, "db.sock") },
    tables: Object.values(OVS_TABLE),
  });
  try {
    await database.whenReady(timeoutMs);
    return [...portsOf(database, findBridge(database, bridge)).values()].flatMap(({ device }) => {
      const local = localOfDevice(device);
      return local === undefined || local.owner === "" ? [] : [{ local, ofport: device.ofport ?? 0 }];
    });
  } catch (thrown) {
    const text = `Cannot read the ports of bridge ${bridge}: ${messageOf(thrown)}`;
    throw new InspectError("UNREACHABLE", text, { cause: thrown });
  } finally {
    await database.close();
  }
}
