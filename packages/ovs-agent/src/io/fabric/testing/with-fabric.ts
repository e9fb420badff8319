// A fabric on a private Open vSwitch with the dummy datapath, and its events; closed whatever happens.
import { type PrivateOvs, withOvs } from "@coracle/ovsdb/testing";
import type { FabricEvent } from "../../../core/fabric.ts";
import { createOvsFabric, type OvsFabric } from "../ovs-fabric.ts";
import type { OvsFabricOptions } from "../ovs-options.ts";

/** The name of the bridge. */
export const BRIDGE = "coracle";

/** Runs `body` with a started fabric on a running Open vSwitch. */
export async function withFabric(
  ovs: PrivateOvs,
  body: (fabric: OvsFabric, events: FabricEvent[]) => Promise<void>,
  options: Partial<OvsFabricOptions> = {},
): Promise<void> {
  const fabric = createOvsFabric({
    runDirectory: ovs.folder,
    hostIp: "192.168.56.1",
    datapathType: "dummy",
    backoff: { initialMs: 20, capMs: 100, factor: 2, jitter: 0, resetMs: 1000 },
    ...options,
  });
  const events: FabricEvent[] = [];
  fabric.onEvent((event) => events.push(event));
  try {
    await fabric.start(AbortSignal.timeout(20_000));
    await body(fabric, events);
  } finally {
    await fabric.close();
  }
}

/** Runs `body` with a private Open vSwitch and a started fabric on it; says so where there is none. */
export function withOvsAndFabric(
  name: string,
  body: (context: { ovs: PrivateOvs; fabric: OvsFabric; events: FabricEvent[] }) => Promise<void>,
): Promise<void> {
  return withOvs(name, (ovs) => withFabric(ovs, (fabric, events) => body({ ovs, fabric, events })));
}

/** The flows of the bridge as ovs-ofctl tells them, sorted. */
export function dumpText(ovs: PrivateOvs): string[] {
  const told = ovs.ofctl(["-O", "OpenFlow15", "--no-stats", "dump-flows", `unix:${ovs.managementSocket(BRIDGE)}`]);
  if (told.status !== 0) throw new Error(told.stderr);
  return told.stdout
    .split("\n")
    .flatMap((line) => (line.trim() === "" || line.startsWith("OFPST") ? [] : [line.trim()]))
    .sort();
}
