// What the API server counts: requests, watches, caches, the store's revision.
import type { Metrics } from "@coracle/lifecycle";
import type { CacheHub } from "../core/watch/cache-hub.ts";
import type { InFlight } from "../core/auth/in-flight.ts";
import type { ServerEvents } from "./api-server.ts";
import type { WatchCache } from "../core/watch/watch-cache.ts";

const LATENCY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Adds the metrics and answers where events are counted. */
export function addServerMetrics(metrics: Metrics, hub: CacheHub, inFlight: InFlight): ServerEvents {
  const requests = metrics.counter({
    name: "apiserver_request_total",
    help: "Requests answered.",
    labels: ["verb", "resource", "code"],
  });
  const seconds = metrics.histogram({
    name: "apiserver_request_duration_seconds",
    help: "Time to the first byte of the answer.",
    labels: ["verb", "resource"],
    buckets: LATENCY_BUCKETS,
  });
  const watchEnds = metrics.counter({
    name: "apiserver_watch_ends_total",
    help: "Watches that ended, by cause.",
    labels: ["resource", "cause"],
  });
  addCacheMetrics(metrics, hub);
  metrics.sampled({
    name: "apiserver_current_inflight_requests",
    help: "Requests being answered.",
    labels: ["request_kind"],
    sample: () => [
      { labels: { request_kind: "readOnly" }, value: inFlight.reads },
      { labels: { request_kind: "mutating" }, value: inFlight.writes },
    ],
  });
  const known = new Set(hub.definitions.map(({ plural }) => plural));
  return {
    onAnswer: (event) => {
      // Only names that exist become labels: a stranger must not grow the registry.
      const base = event.resource.split("/", 1)[0] ?? "";
      const resource = known.has(base) ? event.resource : "";
      const verb = VERBS.has(event.verb) ? event.verb : "other";
      requests.inc({ verb, resource, code: String(event.code) });
      if (verb !== "watch") seconds.observe({ verb, resource }, event.seconds);
    },
    onWatchEnd: (resource, cause) => watchEnds.inc({ resource, cause }),
  };
}

const VERBS: ReadonlySet<string> = new Set([
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
  "head",
  "options",
  "post",
  "put",
]);

function addCacheMetrics(metrics: Metrics, hub: CacheHub): void {
  const perCache = (name: string, help: string, value: (cache: WatchCache) => number): void =>
    metrics.sampled({
      name,
      help,
      labels: ["resource"],
      sample: () =>
        [...hub.caches].map((cache) => ({ labels: { resource: cache.definition.plural }, value: value(cache) })),
    });
  perCache("apiserver_registered_watchers", "Watches being served.", (cache) => cache.watchers);
  perCache("apiserver_storage_objects", "Objects stored.", (cache) => cache.size);
  perCache("apiserver_watch_cache_events", "Past changes kept for resuming watches.", (cache) => cache.history.size);
  perCache("apiserver_watch_cache_bytes", "Size of the past changes kept.", (cache) => cache.history.sizeBytes);
  perCache("apiserver_watch_events_encoded", "Event encodings made; watchers share them.", (cache) => cache.encoded);
  perCache("apiserver_watch_slow_closed", "Watches closed as their client was too slow.", (cache) => cache.slowClosed);
  metrics.sampled({
    name: "apiserver_store_revision",
    help: "Newest revision of the store that the caches have seen.",
    sample: () => [{ value: hub.revision }],
  });
}
