// What the heartbeat counts, as Prometheus metrics.
import type { Metrics } from "@coracle/lifecycle";
import type { UdpEndpoint } from "@coracle/runtime";
import type { ChangeFeed } from "../core/change-feed.ts";
import type { HookRunner } from "./hook-runner.ts";
import type { Member } from "./member.ts";

/** What the metrics are read from. */
export interface HeartbeatMetricsSources {
  readonly member: Member;
  readonly feed: ChangeFeed;
  readonly hook: HookRunner | undefined;
  readonly port: UdpEndpoint;
  /** Counters of the management sessions, if there are any. */
  readonly channelCounters: () => Readonly<Record<string, number>>;
}

const LIVENESS = ["alive", "suspect", "dead", "left"] as const;

/** Registers the metrics. */
export function addHeartbeatMetrics(metrics: Metrics, sources: HeartbeatMetricsSources): void {
  const { member, port } = sources;
  const { plane } = member;
  const families: readonly (readonly [string, string, string, () => Iterable<readonly [string, number]>])[] = [
    ["coracle_cluster_management_total", "What the management plane did.", "event", () => plane.counters.snapshot()],
    ["coracle_cluster_node_table_total", "What the node table did.", "event", () => plane.table.counters.snapshot()],
    [
      "coracle_cluster_channel_total",
      "What the management sessions did and dropped.",
      "event",
      () => Object.entries(sources.channelCounters()),
    ],
    [
      "coracle_heartbeat_port_drops_total",
      "Datagrams dropped at the cluster port.",
      "cause",
      () => Object.entries(port.stats().drops),
    ],
    [
      "coracle_heartbeat_hook_untold_total",
      "Changes that the program was not told, or told in vain.",
      "cause",
      () =>
        Object.entries({
          "left-out": sources.hook?.untold.leftOut ?? 0,
          "given-up": sources.hook?.untold.givenUp ?? 0,
        }),
    ],
    [
      "coracle_heartbeat_hook_runs_total",
      "Programs run for changes.",
      "outcome",
      () => Object.entries(outcomes(sources)),
    ],
  ];
  for (const [name, help, label, read] of families) {
    metrics.sampledCounter<string>({
      name,
      help,
      labels: [label],
      sample: () => Array.from(read(), ([each, value]) => ({ labels: { [label]: each }, value })),
    });
  }
  metrics.sampledCounter({
    name: "coracle_heartbeat_changes_total",
    help: "Changes told: of nodes, of readiness, clashes of ids.",
    sample: () => [{ value: member.changes }],
  });
  addLevels(metrics, sources);
}

function addLevels(metrics: Metrics, { member, feed, hook }: HeartbeatMetricsSources): void {
  metrics.sampled({
    name: "coracle_cluster_ready",
    help: "1 while the cluster has formed and has its quorum.",
    sample: () => [{ value: member.plane.table.ready ? 1 : 0 }],
  });
  metrics.sampled({
    name: "coracle_heartbeat_nodes",
    help: "Other nodes by how they are.",
    labels: ["liveness"],
    sample: () => {
      const nodes = member.plane.table.nodes();
      return LIVENESS.map((liveness) => ({
        labels: { liveness },
        value: nodes.filter((node) => node.liveness === liveness).length,
      }));
    },
  });
  metrics.sampled({
    name: "coracle_heartbeat_event_clients",
    help: "Clients of the event stream.",
    sample: () => [{ value: feed.listeners }],
  });
  metrics.sampledCounter({
    name: "coracle_heartbeat_event_clients_dropped_total",
    help: "Clients of the event stream that were too many, or did not read.",
    labels: ["cause"],
    sample: () => [
      { labels: { cause: "too-many" }, value: feed.counts.refused },
      { labels: { cause: "slow" }, value: feed.counts.cutOff },
    ],
  });
  metrics.sampled({
    name: "coracle_heartbeat_hook_waiting",
    help: "Changes that wait for the program.",
    sample: () => [{ value: hook?.waiting ?? 0 }],
  });
}

function outcomes({ hook }: HeartbeatMetricsSources): Readonly<Record<string, number>> {
  if (hook === undefined) return {};
  const { succeeded, failed, timedOut, notStarted } = hook.runs;
  return { succeeded, failed, "timed-out": timedOut, "not-started": notStarted };
}
