// What the router counts, as Prometheus metrics: every datagram that was not served has a cause.
import type { Metrics } from "@coracle/lifecycle";
import { cryptoProviderReport, type UdpEndpoint } from "@coracle/runtime";
import type { WorkerCounts } from "../core/worker-messages.ts";
import type { ClusterControl } from "./cluster-control.ts";
import type { ConnectionIds } from "./connection-ids.ts";
import type { PskStore } from "./psk-store.ts";
import type { SessionService } from "./session-service.ts";

/** What the metrics are read from. */
export interface RouterMetricsSources {
  readonly sessions: SessionService;
  /** Absent: this node is alone. */
  readonly cluster: ClusterControl | undefined;
  /** Counters of the management sessions, if there are any. */
  readonly channelCounters: () => Readonly<Record<string, number>>;
  readonly connectionIds: ConnectionIds;
  /** Absent: there are no pre-shared keys. */
  readonly psk: PskStore | undefined;
}

type Counted = readonly (readonly [label: string, value: number])[];
type Family = readonly [
  name: string,
  help: string,
  label: string,
  read: (counts: WorkerCounts) => Counted | Readonly<Record<string, number>>,
];

const FAMILIES: readonly Family[] = [
  ["coracle_dtls_events_total", "What the DTLS server did.", "event", ({ dtls }) => dtlsCounts(dtls, false)],
  [
    "coracle_dtls_drops_total",
    "Records and hellos dropped by the DTLS server.",
    "cause",
    ({ dtls }) => dtlsCounts(dtls, true),
  ],
  ["coracle_router_datagrams_total", "Datagrams by what became of them.", "route", ({ routes }) => routes],
  [
    "coracle_router_handshake_failures_total",
    "Handshakes that failed.",
    "cause",
    ({ handshakeFailures }) => handshakeFailures,
  ],
  ["coracle_router_refusals_total", "Application data that was not sent.", "cause", ({ refusals }) => refusals],
  ["coracle_router_upstream_total", "What the upstream did.", "event", ({ upstream }) => upstream],
  [
    "coracle_router_psk_lookups_total",
    "Lookups of pre-shared keys, by whether the identity has one.",
    "result",
    ({ lookups }) => lookups,
  ],
];

/** Counters of the DTLS server by name, drops apart. */
function dtlsCounts(dtls: WorkerCounts["dtls"], drops: boolean): Counted {
  return Object.entries(dtls).filter(([name]) => name.startsWith("drop") === drops);
}

/** Registers the router's metrics. */
export function addRouterMetrics(metrics: Metrics, sources: RouterMetricsSources): void {
  const { sessions } = sources;
  for (const [name, help, label, read] of FAMILIES) {
    addCounter(metrics, { name, help, label }, async () => {
      const counted = read(await sessions.counts());
      return Array.isArray(counted) ? (counted as Counted) : Object.entries(counted);
    });
  }
  addCounter(
    metrics,
    { name: "coracle_router_drops_total", help: "Datagrams dropped by the router.", label: "cause" },
    async () => {
      const { drops } = await sessions.counts();
      const { toMain, toThreads, between } = sessions.ringDrops();
      return [
        ...Object.entries(drops),
        ["main-thread-busy", toMain],
        ["packet-thread-busy", toThreads],
        ["other-worker-busy", between],
      ];
    },
  );
  addKeys(metrics, sources);
  addCluster(metrics, sources);
  addConnectionIds(metrics, sources);
  addLevels(metrics, sources);
  addPorts(metrics, sources);
}

function addKeys(metrics: Metrics, { psk }: RouterMetricsSources): void {
  if (psk === undefined) return;
  addCounter(
    metrics,
    {
      name: "coracle_router_psk_reloads_total",
      help: "Changes of the pre-shared keys, by whether they could be used.",
      label: "result",
    },
    () => Promise.resolve(Object.entries(psk.counts)),
  );
  metrics.sampled({
    name: "coracle_router_psk_identities",
    help: "Identities that have a pre-shared key.",
    sample: () => [{ value: psk.size }],
  });
}

function addCounter(
  metrics: Metrics,
  { name, help, label }: { readonly name: string; readonly help: string; readonly label: string },
  read: () => Promise<Counted>,
): void {
  metrics.sampledCounter<string>({
    name,
    help,
    labels: [label],
    sample: async () => (await read()).map(([each, value]) => ({ labels: { [label]: each }, value })),
  });
}

function addCluster(metrics: Metrics, { cluster, channelCounters }: RouterMetricsSources): void {
  const families: readonly (readonly [name: string, help: string, read: () => Counted])[] = [
    [
      "coracle_cluster_management_total",
      "What the management plane did.",
      () => cluster?.plane.counters.snapshot() ?? [],
    ],
    [
      "coracle_cluster_node_table_total",
      "What the node table did.",
      () => cluster?.plane.table.counters.snapshot() ?? [],
    ],
    [
      "coracle_cluster_channel_total",
      "What the management sessions did and dropped.",
      () => Object.entries(channelCounters()),
    ],
  ];
  for (const [name, help, read] of families) {
    addCounter(metrics, { name, help, label: "event" }, () => Promise.resolve(read()));
  }
  metrics.sampled({
    name: "coracle_cluster_ready",
    help: "1 while the cluster has formed and has its quorum, or its fixed table is complete.",
    sample: () => [{ value: (cluster?.isReady ?? true) ? 1 : 0 }],
  });
}

function addConnectionIds(metrics: Metrics, { connectionIds }: RouterMetricsSources): void {
  metrics.sampled({
    name: "coracle_router_cid_layout",
    help: "1: what connection IDs look like; it has to be the same at all nodes.",
    labels: ["layout", "size", "server_id_size"],
    sample: () => {
      const { layout, sizeBytes, serverIdSizeBytes } = connectionIds;
      return [{ labels: { layout, size: String(sizeBytes), server_id_size: String(serverIdSizeBytes) }, value: 1 }];
    },
  });
  addCounter(
    metrics,
    {
      name: "coracle_router_cid_key_files_total",
      help: "Versions of the file of connection ID keys.",
      label: "outcome",
    },
    () => Promise.resolve(Object.entries(connectionIds.status()?.versions ?? {})),
  );
  metrics.sampled({
    name: "coracle_router_cid_configuration",
    help: "Configurations of encrypted connection IDs: 1 for the one that makes new ones.",
    labels: ["configuration"],
    sample: () => {
      const { active, configurations } = connectionIds.status() ?? { active: -1, configurations: [] };
      return configurations.map((id) => ({ labels: { configuration: String(id) }, value: id === active ? 1 : 0 }));
    },
  });
}

function addLevels(metrics: Metrics, { sessions, cluster }: RouterMetricsSources): void {
  metrics.sampled({
    name: "coracle_router_held",
    help: "What is held in memory.",
    labels: ["what"],
    sample: async () => {
      const { held } = await sessions.counts();
      const all = Object.entries({ ...held, members: cluster?.memberCount ?? 0 });
      return all.map(([what, value]) => ({ labels: { what }, value }));
    },
  });
  metrics.sampled({
    name: "coracle_router_record_crypto",
    help: "1: who seals and opens records. Composed of node:crypto where there is no libcrypto.",
    labels: ["provider", "library"],
    sample: () => {
      const { name, description } = cryptoProviderReport();
      return [{ labels: { provider: name, library: description }, value: 1 }];
    },
  });
  metrics.sampled({
    name: "coracle_router_workers",
    help: "Workers that serve sessions, by the way their datagrams take and whether the kernel steers them.",
    labels: ["path", "steered", "thread"],
    sample: () => {
      const { implementation, isSteered, threads } = sessions.path;
      const labels = { path: implementation, steered: String(isSteered), thread: threads === 0 ? "main" : "own" };
      return [{ labels, value: sessions.workers }];
    },
  });
}

function addPorts(metrics: Metrics, { sessions }: RouterMetricsSources): void {
  const all: Readonly<Record<string, Pick<UdpEndpoint, "stats"> | undefined>> = {
    public: sessions.public,
    cluster: sessions.cluster,
    upstream: sessions.upstreamPorts,
  };
  const open = Object.entries(all).flatMap(([port, endpoint]) => (endpoint === undefined ? [] : [{ port, endpoint }]));
  metrics.sampledCounter({
    name: "coracle_router_port_datagrams_total",
    help: "Datagrams in and out of the two ports, and of the devices' ports towards the upstream.",
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
    help: "Datagrams dropped at the two ports, and at the devices' ports towards the upstream.",
    labels: ["port", "cause"],
    sample: () =>
      open.flatMap(({ port, endpoint }) =>
        Object.entries(endpoint.stats().drops).map(([cause, value]) => ({ labels: { port, cause }, value })),
      ),
  });
}
