// What the client and the followers tell, as Prometheus metrics.
import type { KubeMetricsHook } from "@coracle/kube/io";
import type { Logger, Metrics } from "@coracle/lifecycle";
import type { EventFeed } from "../core/event-feed.ts";
import type { PodLookup } from "./pod-lookup.ts";
import type { FollowerState } from "./resource-follower.ts";

/** Counts the client's samples; read at scrape time. */
export class WatchMetrics {
  readonly #counts = new Map<string, number>();

  /** The hook to give to the client. */
  hook(log: Logger): KubeMetricsHook {
    return {
      request: ({ status, failure }) => this.#add("requests", failure ?? String(status)),
      retry: ({ cause }) => this.#add("retries", cause),
      follow: (sample) => {
        if (sample.kind === "reconnect") this.#add("reconnects", sample.cause);
        else if (sample.kind === "gap") this.#add("gaps", sample.cause);
        else if (sample.kind === "chunk") {
          this.#add("bytes", "", sample.sizeBytes);
          this.#add("events", "", sample.events);
          this.#add("decode_ms", "", sample.decodeMs);
        } else if (sample.kind === "cursor-failed") log.warning("Cursor not kept", { reason: sample.message });
      },
      warning: (text) => log.warning("The server warns", { text }),
      credentialProblem: (text) => log.warning("Credentials not reloaded", { text }),
    };
  }

  /** Current values of one family, with the label value each counts for. */
  samples(family: string): { readonly label: string; readonly value: number }[] {
    return [...this.#counts].flatMap(([key, value]) => {
      const [name, label = ""] = key.split("\n");
      return name === family ? [{ label, value }] : [];
    });
  }

  #add(family: string, label: string, amount = 1): void {
    const key = `${family}\n${label}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + amount);
  }
}

/** What the metrics are read from. */
export interface WatcherMetricsSources {
  readonly watchMetrics: WatchMetrics;
  readonly states: () => readonly FollowerState[];
  readonly feed: EventFeed;
  readonly pods: PodLookup;
}

/** Registers the watcher's metrics. */
export function addWatcherMetrics(metrics: Metrics, { watchMetrics, states, feed, pods }: WatcherMetricsSources): void {
  const labelled = [
    ["coracle_watcher_requests_total", "API requests by HTTP status or failure.", "requests", "outcome"],
    ["coracle_watcher_retries_total", "API requests sent again, by cause.", "retries", "cause"],
    ["coracle_watcher_reconnects_total", "Watches opened again, by cause.", "reconnects", "cause"],
    ["coracle_watcher_gaps_total", "Breaks of continuity that needed a new state, by cause.", "gaps", "cause"],
  ] as const;
  for (const [name, help, family, label] of labelled) {
    metrics.sampledCounter<string>({
      name,
      help,
      labels: [label],
      sample: () =>
        watchMetrics.samples(family).map((each) => ({ labels: { [label]: each.label }, value: each.value })),
    });
  }
  const plain = [
    ["coracle_watcher_read_bytes_total", "Bytes of lists and watches read, decompressed.", "bytes", 1],
    ["coracle_watcher_events_total", "Objects and events decoded.", "events", 1],
    ["coracle_watcher_decode_seconds_total", "Time spent decoding.", "decode_ms", 0.001],
  ] as const;
  for (const [name, help, family, factor] of plain) {
    metrics.sampledCounter({
      name,
      help,
      sample: () => watchMetrics.samples(family).map(({ value }) => ({ value: value * factor })),
    });
  }
  metrics.sampled({
    name: "coracle_watcher_objects",
    help: "Objects whose state is remembered, by resource.",
    labels: ["resource"],
    sample: () => states().map(({ resource, objects }) => ({ labels: { resource }, value: objects })),
  });
  metrics.sampled({
    name: "coracle_watcher_live",
    help: "1 while the resource's stream is live.",
    labels: ["resource"],
    sample: () => states().map(({ resource, live }) => ({ labels: { resource }, value: live ? 1 : 0 })),
  });
  metrics.sampled({
    name: "coracle_watcher_event_clients",
    help: "Clients of /events.",
    sample: () => [{ value: feed.listeners }],
  });
  metrics.sampled({
    name: "coracle_watcher_indexed_pods",
    help: "Pods in the address index.",
    sample: () => [{ value: pods.size }],
  });
}
