// Adding ports to a real Open vSwitch: a hundred in one transaction, numbers and flows awaited, beside processes for each port.
import type { OvsFabric } from "@coracle/ovs-agent/fabric";
import type { PrivateOvs } from "@coracle/ovsdb/testing";
import type { Bench, BenchContext } from "./bench.ts";
import { BRIDGE, emptyBridge, guestIpv4, startSwitch, withFabric } from "./flows/bench-switch.ts";
import { type BenchRow, toRow } from "./row.ts";

/** The benchmark. */
export const bench: Bench = { name: "ovsdb", summary: "ports a second into Open vSwitch, in batches of 100", run };

const VNI = 1002;
const BATCH = 100;
const PORTS_PER_SECOND_MIN = 4000;

async function run(context: BenchContext): Promise<readonly BenchRow[]> {
  const batches = context.smoke ? 1 : 5;
  const rounds = context.smoke ? 1 : 5;
  const processes = context.smoke ? 2 : 50;
  const ovs = await startSwitch(context);
  const pairs: [number, number][] = [];
  for (let round = 1; round <= rounds; round++) {
    context.progress(`round ${round} of ${rounds}`);
    await withFabric(ovs, () => Promise.resolve());
    const ours = await withFabric(ovs, (fabric) => addBatches(fabric, batches));
    await emptyBridge(ovs);
    pairs.push([ours, addByProcesses(ovs, processes)]);
    await emptyBridge(ovs);
  }
  const base = { bench: "ovsdb", row: "port adds, 100 a transaction", unit: "ports/s", better: "higher" } as const;
  return [
    toRow({ ...base, against: "limit", gate: 1, rounds: pairs.map(([ours]) => [ours, PORTS_PER_SECOND_MIN]) }),
    toRow({ ...base, against: "ovs-vsctl, two processes a port", rounds: pairs }),
  ];
}

/** Ports a second: from the declaration of a batch until each has its number and its flows. */
async function addBatches(fabric: OvsFabric, batches: number): Promise<number> {
  const startedMs = performance.now();
  for (let batch = 0; batch < batches; batch++) {
    for (let index = batch * BATCH; index < (batch + 1) * BATCH; index++) {
      fabric.desire({
        kind: "local",
        owner: `bench/na-${index}`,
        uid: `uid-${index}`,
        vni: VNI,
        ipv4: guestIpv4(index),
      });
    }
    await fabric.settled();
  }
  const tookMs = performance.now() - startedMs;
  const { localCount, failing } = fabric.state();
  if (localCount !== batches * BATCH || failing > 0)
    throw new Error(`Cannot count ports: ${localCount} made, ${failing} failed`);
  return (batches * BATCH) / (tookMs / 1000);
}

/** The way of a process for each step: add the port, then read its number. */
function addByProcesses(ovs: PrivateOvs, count: number): number {
  const startedMs = performance.now();
  for (let index = 0; index < count; index++) {
    const port = `bp${index}`;
    const added = ovs.vsctl(["add-port", BRIDGE, port, "--", "set", "interface", port, "type=internal"]);
    const read = ovs.vsctl(["get", "interface", port, "ofport"]);
    if (added.status !== 0 || read.status !== 0) throw new Error(`Cannot add a port: ${added.stderr}${read.stderr}`);
  }
  const perSecond = count / ((performance.now() - startedMs) / 1000);
  for (let index = 0; index < count; index++) ovs.vsctl(["del-port", BRIDGE, `bp${index}`]);
  return perSecond;
}
