// What every service's metrics show of its requests and its termination.
import type { Drain } from "../core/drain.ts";
import type { DrainState } from "../core/drain-types.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Listeners } from "./listeners.ts";

const STATUSES_MAX = 600;
const STATES: readonly DrainState[] = ["starting", "ready", "draining", "closed", "drained", "exited"];

/** What is told to the metrics as it happens; the rest is read when they are scraped. */
export interface ServiceRecorder {
  /** A step of the termination, at a wall-clock time. */
  terminationEvent(name: string, wallMs: number): void;
  /** An answer on a listener. */
  answered(listener: string, status: number): void;
}

/** Adds the metrics of one service. */
export function addServiceMetrics(metrics: Metrics, drain: Drain, listeners: Listeners): ServiceRecorder {
  const eventTimes = new Map<string, number>();
  const answers = new Map<string, number[]>();
  metrics.sampledCounter({
    name: "coracle_http_requests_total",
    help: "Requests answered, health and metrics not counted.",
    labels: ["listener", "code"],
    sample: () =>
      [...answers].flatMap(([listener, counts]) =>
        counts.flatMap((value, code) => (value > 0 ? [{ labels: { listener, code: String(code) }, value }] : [])),
      ),
  });
  metrics.sampled({
    name: "coracle_http_requests_in_flight",
    help: "Requests being served, health and metrics not counted.",
    labels: ["kind"],
    sample: () => [
      { labels: { kind: "ordinary" }, value: drain.counts().ordinary },
      { labels: { kind: "long-running" }, value: drain.counts().longRunning },
    ],
  });
  metrics.sampled({
    name: "coracle_http_connections",
    help: "Open connections.",
    labels: ["listener"],
    sample: () => listeners.connections().map(({ name, count }) => ({ labels: { listener: name }, value: count })),
  });
  metrics.sampledCounter({
    name: "coracle_http_connections_reset_total",
    help: "Connections that clients cut in the middle of a request or handshake.",
    labels: ["listener"],
    sample: () => listeners.resets().map(({ name, count }) => ({ labels: { listener: name }, value: count })),
  });
  metrics.sampledCounter({
    name: "coracle_http_requests_refused_total",
    help: "New requests answered 429 or 503 while shutting down or over the limit.",
    sample: () => [{ value: drain.counts().refused }],
  });
  metrics.sampledCounter({
    name: "coracle_termination_late_requests_total",
    help: "Requests that came in the last fifth of the shutdown delay or later.",
    sample: () => [{ value: drain.counts().late }],
  });
  metrics.sampled({
    name: "coracle_lifecycle_state",
    help: "1 for the state the process is in.",
    labels: ["state"],
    sample: () => STATES.map((state) => ({ labels: { state }, value: drain.state === state ? 1 : 0 })),
  });
  metrics.sampled({
    name: "coracle_termination_event_time_seconds",
    help: "When each step of the termination happened, in seconds since 1970.",
    labels: ["event"],
    sample: () => [...eventTimes].map(([event, wallMs]) => ({ labels: { event }, value: wallMs / 1000 })),
  });
  return {
    terminationEvent: (name, wallMs) => void eventTimes.set(name, wallMs),
    answered: (listener, status) => {
      const counts = answers.get(listener) ?? Array.from({ length: STATUSES_MAX }, () => 0);
      answers.set(listener, counts);
      counts[status] = (counts[status] ?? 0) + 1;
    },
  };
}
