// What the simulated NAT counts, as Prometheus metrics.
import type { Metrics } from "@coracle/lifecycle";
import type { NatTable } from "../../core/nat/nat-table.ts";
import type { BackendProbe } from "./backend-probe.ts";
import type { NatDriver, NatPaths } from "./nat-driver.ts";

/** What the metrics are read from. */
export interface NatMetricsSources {
  readonly table: NatTable;
  readonly driver: NatDriver;
  readonly paths: NatPaths;
  readonly probe: BackendProbe | undefined;
  /** Addresses, in the order of the table. */
  readonly backends: readonly string[];
}

type Rows = readonly (readonly [name: string, value: number])[];

/** Registers the metrics. */
export function addNatMetrics(metrics: Metrics, sources: NatMetricsSources): void {
  const { table, driver, paths, probe, backends } = sources;
  const counter = (name: string, help: string, label: string, rows: () => Rows): void =>
    metrics.sampledCounter<string>({
      name,
      help,
      labels: [label],
      sample: () => rows().map(([each, value]) => ({ labels: { [label]: each }, value })),
    });
  counter("coracle_nat_datagrams_total", "Datagrams passed on.", "direction", () => [
    ["to-backends", table.counts.toBackends],
    ["to-clients", table.counts.toClients],
  ]);
  counter("coracle_nat_drops_total", "Datagrams dropped, on purpose or not.", "cause", () => [
    ["told-to-backends", table.counts.droppedToBackends],
    ["told-to-clients", table.counts.droppedToClients],
    ["flows-full", table.counts.flowsFull],
    ["under-way-full", paths.toBackends.counts.underWayFull + paths.toClients.counts.underWayFull],
    ["no-flow", table.counts.noFlow],
    ["port-not-open", driver.lost.portNotOpen],
    ["port-failed", driver.lost.portFailed],
    ["stranger", driver.lost.stranger],
    ...Object.entries(driver.socketDrops()),
  ]);
  counter("coracle_nat_moves_total", "Clients that were given another port or back end.", "cause", () => [
    ["rebind", table.counts.rebinds],
    ["reshuffle", table.counts.reshuffles],
    ["nat-timeout", table.counts.natTimeouts],
    ["balancer-timeout", table.counts.balancerTimeouts],
    ["failover", table.counts.failovers],
  ]);
  counter("coracle_nat_probes_total", "Probes of back ends.", "outcome", () => [
    ["succeeded", probe?.counts.succeeded ?? 0],
    ["failed", probe?.counts.failed ?? 0],
  ]);
  metrics.sampled({
    name: "coracle_nat_backend_in_rotation",
    help: "1 while clients are given this back end.",
    labels: ["backend"],
    sample: () => backends.map((backend, index) => ({ labels: { backend }, value: table.isInRotation(index) ? 1 : 0 })),
  });
  metrics.sampled({
    name: "coracle_nat_flows",
    help: "Clients that have a way, by back end.",
    labels: ["backend"],
    sample: () => table.perBackend().map((value, index) => ({ labels: { backend: backends[index] ?? "" }, value })),
  });
  metrics.sampled({
    name: "coracle_nat_open_ports",
    help: "Outside ports open.",
    sample: () => [{ value: driver.openPorts }],
  });
  addPathMetrics(metrics, paths);
}

const DIRECTIONS = [
  ["to-backends", "toBackends"],
  ["to-clients", "toClients"],
] as const;

/** What the way between clients and the NAT does to datagrams. */
function addPathMetrics(metrics: Metrics, paths: NatPaths): void {
  metrics.sampledCounter({
    name: "coracle_nat_faults_total",
    help: "Datagrams that were copied, late or held back on purpose; `overtaken` of those held back.",
    labels: ["direction", "fault"],
    sample: () =>
      DIRECTIONS.flatMap(([direction, key]) => {
        const { duplicated, delayed, heldBack, overtaken } = paths[key].counts;
        const rows = { duplicated, delayed, "held-back": heldBack, overtaken };
        return Object.entries(rows).map(([fault, value]) => ({ labels: { direction, fault }, value }));
      }),
  });
  metrics.sampled({
    name: "coracle_nat_under_way",
    help: "Datagrams that are late or held back now.",
    labels: ["direction"],
    sample: () => DIRECTIONS.map(([direction, key]) => ({ labels: { direction }, value: paths[key].underWay })),
  });
}
