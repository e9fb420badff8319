// An Open vSwitch of the benchmark's own on the dummy datapath, and the fabric on it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createOvsFabric, type OvsFabric } from "@coracle/ovs-agent/fabric";
import { ovsVersion, PrivateOvs } from "@coracle/ovsdb/testing";
import { type BenchContext, CannotRun } from "../bench.ts";

/** The fabric's bridge. */
export const BRIDGE = "coracle";
const HOST_IP = "192.0.2.1";

/** Starts Open vSwitch; it ends with the benchmark. */
export async function startSwitch(context: BenchContext): Promise<PrivateOvs> {
  if (ovsVersion() === undefined) {
    throw new CannotRun("Open vSwitch is not installed", "Debian: apt-get install openvswitch-switch");
  }
  const folder = mkdtempSync(join(tmpdir(), "coracle-bench-ovs-"));
  context.cleanUp(() => rmSync(folder, { recursive: true, force: true }));
  const ovs = new PrivateOvs(folder);
  context.cleanUp(() => ovs.stop());
  await ovs.startDatabase();
  await ovs.startSwitch();
  return ovs;
}

/** Runs `body` with a fabric that has adopted what is on the bridge; closes it after. */
export async function withFabric<T>(ovs: PrivateOvs, body: (fabric: OvsFabric) => Promise<T>): Promise<T> {
  const fabric = createOvsFabric({ runDirectory: ovs.folder, hostIp: HOST_IP, datapathType: "dummy" });
  try {
    await fabric.start(new AbortController().signal);
    fabric.adopt();
    await fabric.settled();
    return await body(fabric);
  } finally {
    await fabric.close();
  }
}

/** An address in 10.0.0.0/8, as a number, in a virtual network; there are 2^20 of them here. */
export function guestIpv4(index: number): number {
  if (index < 0 || index >= 1 << 20) throw new RangeError(`Cannot make guest ${index}: there are ${1 << 20}`);
  return 0x0a00_0000 + 256 + index;
}

/** Removes every flow and port that a round left, so that the next one starts alike. */
export async function emptyBridge(ovs: PrivateOvs): Promise<void> {
  const deleted = ovs.ofctl(["-O", "OpenFlow14", "del-flows", `unix:${ovs.managementSocket(BRIDGE)}`]);
  if (deleted.status !== 0) throw new Error(`Cannot empty the bridge: ${deleted.stderr}`);
  // The comparison at its start removes what nobody wants, devices included.
  await withFabric(ovs, (fabric) => fabric.settled());
}
