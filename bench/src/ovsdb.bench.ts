// Adding ports to a real Open vSwitch, a hundred in one transaction: by the database's client alone, and by the agent's fabric,
// which also awaits each port's number and installs its flows; beside processes for each port.
import type { OvsFabric } from "@coracle/ovs-agent/fabric";
import type { PrivateOvs } from "@coracle/ovsdb/testing";
import { type Bench, type BenchContext, interleave } from "./bench.ts";
import { BRIDGE, emptyBridge, guestIpv4, startSwitch, withFabric } from "./flows/bench-switch.ts";
import { addBarePorts, addPortsByTool, removeBarePorts } from "./ovsdb/bare-ports.ts";
import { type BenchRow, toRow } from "./row.ts";

/** The benchmark. */
export const bench: Bench = { name: "ovsdb", summary: "ports a second into Open vSwitch, in batches of 100", run };

const VNI = 1002;
const BATCH = 100;
/** Few, as ovs-vswitchd looks at all ports of a bridge for each transaction: its own work grows with the square. */
const BATCHES = 2;
const PORTS_PER_SECOND_MIN = 4000;

async function run(context: BenchContext): Promise<readonly BenchRow[]> {
  const batches = context.smoke ? 1 : BATCHES;
  const rounds = context.smoke ? 1 : 7;
  const processes = context.smoke ? 2 : 50;
  const ovs = await startSwitch(context);
  await withFabric(ovs, () => Promise.resolve());
  const ours = async (): Promise<number> => {
    const figure = await withFabric(ovs, (fabric) => addBatches(fabric, batches));
    await emptyBridge(ovs);
    return figure;
  };
  const bare = async (): Promise<number> => {
    const figure = await addBarePorts(ovs, batches, BATCH);
    removeBarePorts(ovs, batches * BATCH);
    return figure;
  };
  const tool = async (): Promise<number> => {
    const figure = addPortsByTool(ovs, batches, BATCH);
    removeBarePorts(ovs, batches * BATCH);
    return figure;
  };
  context.progress(`${rounds} rounds beside ovs-vsctl`);
  const besideTool = await interleave(rounds, bare, tool);
  context.progress(`${rounds} rounds beside bare transactions`);
  const besideBare = await interleave(rounds, ours, bare);
  context.progress(`${processes * 2} processes`);
  const byProcesses = addByProcesses(ovs, processes);
  const base = { bench: "ovsdb", unit: "ports/s", better: "higher" } as const;
  const client = { ...base, row: "client: 100 ports a transaction, configuration awaited" };
  const fabric = { ...base, row: "agent: 100 ports a transaction, numbers and flows awaited" };
  const bareFigures = [...besideTool.map(([figure]) => figure), ...besideBare.map(([, figure]) => figure)];
  const limited = bareFigures.map((figure): [number, number] => [figure, PORTS_PER_SECOND_MIN]);
  const beside = besideBare.map(([each]): [number, number] => [each, byProcesses]);
  return [
    toRow({ ...client, against: "limit", gate: 1, rounds: limited }),
    toRow({ ...client, against: "ovs-vsctl, a process for the same 100", gate: 1, rounds: besideTool }),
    toRow({ ...fabric, against: "the client alone", rounds: besideBare }),
    toRow({ ...fabric, against: "ovs-vsctl, two processes a port", gate: 10, rounds: beside }),
  ];
}

/** Ports a second: from the declaration of all until each has its number and its flows. */
async function addBatches(fabric: OvsFabric, batches: number): Promise<number> {
  const before = fabric.state().counters.transactions;
  const startedMs = performance.now();
  for (let index = 0; index < batches * BATCH; index++) {
    const owner = { owner: `bench/na-${index}`, uid: `uid-${index}` };
    fabric.desire({ kind: "local", ...owner, vni: VNI, ipv4: guestIpv4(index) });
  }
  await fabric.settled();
  const tookMs = performance.now() - startedMs;
  const { localCount, failing, counters } = fabric.state();
  const transactions = counters.transactions - before;
  if (localCount !== batches * BATCH || failing > 0 || transactions !== batches)
    throw new Error(`Cannot count ports: ${localCount} made in ${transactions} transactions, ${failing} failed`);
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
