// What the fabric tells of itself, as metrics: connection, work, trouble, and what others have done to its bridge.
import type { Metrics } from "@coracle/lifecycle";
import type { Fabric, FabricState } from "../core/fabric.ts";

/** A metric's name without its prefix, its help, and its value. */
type Row = readonly [name: string, help: string, value: (state: FabricState) => number];

const GAUGES: readonly Row[] = [
  ["connected", "1 while declarations take effect at once.", (state) => Number(state.connected)],
  ["pending", "Interfaces declared and not yet made or removed.", (state) => state.pending],
  ["failing", "Interfaces whose last attempt failed.", (state) => state.failing],
  ["flows", "Flows that should be installed.", (state) => state.flowsDesired],
  ["foreign_ports", "Ports on the bridge that are not ours.", (state) => state.foreignPorts?.length ?? 0],
];

const COUNTERS: readonly Row[] = [
  ["bundles_total", "Bundles of flow changes committed.", ({ counters }) => counters.bundles],
  ["bundles_refused_total", "Bundles that the switch refused.", ({ counters }) => counters.bundlesFailed],
  ["flow_mods_total", "Flow changes committed.", ({ counters }) => counters.flowMods],
  ["port_transactions_total", "Transactions that changed ports.", ({ counters }) => counters.transactions],
  ["replays_total", "Times that all flows were installed anew.", ({ counters }) => counters.replays],
  ["foreign_flows_removed_total", "Flows of others removed.", ({ counters }) => counters.foreignFlowsRemoved],
  ["failures_total", "Failures told.", ({ counters }) => counters.failures],
];

/** Adds `coracle_agent_fabric_*`. */
export function addFabricMetrics(metrics: Metrics, fabric: Fabric, node: string): void {
  const labels = { node };
  const definition = ([name, help, value]: Row): Parameters<Metrics["sampled"]>[0] => ({
    name: `coracle_agent_fabric_${name}`,
    help,
    labels: ["node"],
    sample: () => [{ labels, value: value(fabric.state()) }],
  });
  for (const row of GAUGES) metrics.sampled(definition(row));
  for (const row of COUNTERS) metrics.sampledCounter(definition(row));
}
