// What the router counts, as Prometheus metrics: every datagram that was not served has a cause.
import type { RouterNode } from "../core/router-node.ts";
import type { Metrics } from "@coracle/lifecycle";
import type { UdpEndpoint } from "@coracle/runtime";
import type { Application } from "./application.ts";
import type { Edge } from "./edge.ts";
import type { NodePorts } from "./node-ports.ts";

/** What the metrics are read from. */
export interface RouterMetricsSources {
  readonly node: RouterNode;
  readonly edge: Edge;
  readonly application: Application;
  /** Counters of the management sessions, if there are any. */
  readonly channelCounters: () => Readonly<Record<string, number>>;
  readonly ports: NodePorts;
}

type Family = readonly [
  name: string,
  help: string,
  label: string,
  read: () => Iterable<readonly [label: string, value: number]>,
];

/** Counters of the DTLS server by name, drops apart. */
export function dtlsCounters(node: RouterNode, drops: boolean): readonly (readonly [string, number])[] {
  return Object.entries(node.server.counters).filter(([name]) => name.startsWith("drop") === drops);
}

/** What a packet thread has decided is decided again for what it hands up, but counted once. */
const DECIDED_BEFORE: ReadonlySet<string> = new Set(["local", "processed-forward", "management"]);

/** Datagrams by what became of them, on whichever thread. */
function routeCounts({ node, ports }: RouterMetricsSources): readonly (readonly [string, number])[] {
  const threads = new Map(ports.counts().routes);
  const own = node.router.counters.snapshot();
  if (threads.size === 0) return own;
  return own.map(([name, count]) => [name, (threads.get(name) ?? 0) + (DECIDED_BEFORE.has(name) ? 0 : count)]);
}

function dropCounts({ node, ports }: RouterMetricsSources): readonly (readonly [string, number])[] {
  const threads = new Map(ports.counts().drops);
  const { toMain, toThreads } = ports.ringDrops();
  const own = node.router.drops.snapshot().map(([name, count]) => [name, count + (threads.get(name) ?? 0)] as const);
  return [...own, ["main-thread-busy", toMain], ["packet-thread-busy", toThreads]];
}

/** Registers the router's metrics. */
export function addRouterMetrics(metrics: Metrics, sources: RouterMetricsSources): void {
  const { node, edge, application } = sources;
  const families: readonly Family[] = [
    ["coracle_dtls_events_total", "What the DTLS server did.", "event", () => dtlsCounters(node, false)],
    [
      "coracle_dtls_drops_total",
      "Records and hellos dropped by the DTLS server.",
      "cause",
      () => dtlsCounters(node, true),
    ],
    ["coracle_router_datagrams_total", "Datagrams by what became of them.", "route", () => routeCounts(sources)],
    ["coracle_router_drops_total", "Datagrams dropped by the router.", "cause", () => dropCounts(sources)],
    ["coracle_router_handshake_failures_total", "Handshakes that failed.", "cause", () => edge.handshakeFailures],
    ["coracle_router_refusals_total", "Application data that was not sent.", "cause", () => edge.refusals],
    [
      "coracle_cluster_management_total",
      "What the management plane did.",
      "event",
      () => node.management?.counters.snapshot() ?? [],
    ],
    [
      "coracle_cluster_node_table_total",
      "What the node table did.",
      "event",
      () => node.management?.table.counters.snapshot() ?? [],
    ],
    [
      "coracle_cluster_channel_total",
      "What the management sessions did and dropped.",
      "event",
      () => Object.entries(sources.channelCounters()),
    ],
    ["coracle_router_upstream_total", "What the upstream did.", "event", () => Object.entries(application.counts())],
  ];
  for (const [name, help, label, read] of families) {
    metrics.sampledCounter<string>({
      name,
      help,
      labels: [label],
      sample: () => Array.from(read(), ([each, value]) => ({ labels: { [label]: each }, value })),
    });
  }
  addLevels(metrics, sources);
  addPorts(metrics, sources);
}

function addLevels(metrics: Metrics, { node, application, ports }: RouterMetricsSources): void {
  metrics.sampled({
    name: "coracle_router_held",
    help: "What is held in memory.",
    labels: ["what"],
    sample: () =>
      Object.entries({
        sessions: node.server.sessionCount,
        handshakes: node.server.handshakeCount,
        flows: node.router.flows.size + ports.counts().flows,
        flowsConfirmed: node.router.flows.confirmed + ports.counts().flowsConfirmed,
        members: node.router.members.size,
        ...application.levels(),
      }).map(([what, value]) => ({ labels: { what }, value })),
  });
  metrics.sampled({
    name: "coracle_cluster_ready",
    help: "1 while the cluster has formed and has its quorum.",
    sample: () => [{ value: node.isReady ? 1 : 0 }],
  });
}

function addPorts(metrics: Metrics, { ports }: RouterMetricsSources): void {
  const both: Readonly<Record<string, UdpEndpoint | undefined>> = { public: ports.public, cluster: ports.cluster };
  const open = Object.entries(both).flatMap(([port, endpoint]) => (endpoint === undefined ? [] : [{ port, endpoint }]));
  metrics.sampledCounter({
    name: "coracle_router_port_datagrams_total",
    help: "Datagrams in and out of the two ports.",
    labels: ["port", "direction"],
    sample: () =>
      open.flatMap(({ port, endpoint }) => {
        const { receivedDatagrams, sentDatagrams } = endpoint.stats();
        return [
          { labels: { port, direction: "in" }, value: receivedDatagrams },
          { labels: { port, direction: "out" }, value: sentDatagrams },
        ];
      }),
  });
  metrics.sampledCounter({
    name: "coracle_router_port_drops_total",
    help: "Datagrams dropped at the two ports.",
    labels: ["port", "cause"],
    sample: () =>
      open.flatMap(({ port, endpoint }) =>
        Object.entries(endpoint.stats().drops).map(([cause, value]) => ({ labels: { port, cause }, value })),
      ),
  });
}
