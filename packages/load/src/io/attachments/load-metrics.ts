// The metrics of a load run, with KOS's names under our prefix, and a few of our own.
import { unreachable } from "@coracle/base";
import type { Metrics } from "@coracle/lifecycle";
import { type LatencyName, LATENCIES, LATENCY_NAMES } from "../../core/attachments/latencies.ts";
import type { LoadOutput } from "../../core/attachments/load-types.ts";
import type { RunTally } from "../../core/attachments/run-tally.ts";

/** What the metrics are read from at a scrape. */
export interface LoadMetricsSources {
  readonly runId: string;
  readonly tally: RunTally;
  readonly population: () => number;
}

type Observe = (seconds: number) => void;

/** Registers every metric of a run; the answer takes the machine's outputs. */
export function addLoadMetrics(metrics: Metrics, sources: LoadMetricsSources): (output: LoadOutput) => void {
  const runID = sources.runId;
  const latencies = new Map<LatencyName, Observe>();
  for (const name of LATENCY_NAMES) {
    const { metric, help, buckets } = LATENCIES[name];
    const histogram = metrics.histogram<"runID">({ name: metric, help, buckets, labels: ["runID"] });
    histogram.zero({ runID });
    latencies.set(name, (seconds) => histogram.observe({ runID }, seconds));
  }
  const tests = metrics.counter<"runID" | "ES" | "lgComplaints" | "full">({
    name: "coracle_driver_test_count",
    help: "Tests by exit status, logarithm of complaints, and whether a peer was pinged.",
    labels: ["runID", "ES", "lgComplaints", "full"],
  });
  addCounters(metrics, sources);
  addOwn(metrics, sources);
  return (output) => {
    switch (output.kind) {
      case "latency":
        return latencies.get(output.latency)?.(output.seconds);
      case "test": {
        const { exitStatus, complaintsLog2, isFull } = output;
        return tests.inc({ runID, ES: String(exitStatus), lgComplaints: String(complaintsLog2), full: String(isFull) });
      }
      case "call":
      case "create":
      case "delete":
      case "reached":
      case "unready":
      case "late-change":
      case "late-operation":
      case "finding":
      case "phase":
      case "finished":
        return;
      default:
        unreachable(output);
    }
  };
}

/** KOS's four counters; their names have no `_total`. */
function addCounters(metrics: Metrics, { runId, tally }: LoadMetricsSources): void {
  const rows = [
    ["successful_creates", "Attachments created.", "created"],
    ["failed_creates", "Create calls that failed.", "createsFailed"],
    ["successful_deletes", "Attachments deleted.", "deleted"],
    ["failed_deletes", "Delete calls that failed; each is tried again.", "deletesFailed"],
  ] as const;
  for (const [name, help, count] of rows) {
    metrics.sampledCounter<"runID">({
      name: `coracle_driver_${name}`,
      help,
      labels: ["runID"],
      sample: () => [{ labels: { runID: runId }, value: tally.counts[count] }],
    });
  }
}

function addOwn(metrics: Metrics, { runId, tally, population }: LoadMetricsSources): void {
  const runID = runId;
  const labels = ["runID"] as const;
  metrics.sampled<"runID">({
    name: "coracle_driver_attachments",
    help: "Attachments that exist or are being made or removed.",
    labels,
    sample: () => [{ labels: { runID }, value: population() }],
  });
  metrics.sampledCounter<"runID" | "kind">({
    name: "coracle_driver_findings_total",
    help: "Faults found, by kind: broken, stuck, duplicate addresses and so on.",
    labels: ["runID", "kind"],
    sample: () => Object.entries(tally.findings).map(([kind, value]) => ({ labels: { runID, kind }, value })),
  });
  const rows = [
    ["late_operations_total", "Operations that began later than the schedule says.", "lateOperations", 1],
    ["late_seconds_total", "By how much, together.", "lateTotalMs", 0.001],
    ["late_changes_total", "States first seen after the deletion had been asked for.", "lateChanges", 1],
    ["unready_total", "Attachments deleted before they had an interface or an error.", "unready", 1],
    ["contended_total", "Attachments that once found their subnet full.", "contended", 1],
  ] as const;
  for (const [name, help, count, factor] of rows) {
    metrics.sampledCounter<"runID">({
      name: `coracle_driver_${name}`,
      help,
      labels,
      sample: () => [{ labels: { runID }, value: tally.counts[count] * factor }],
    });
  }
}
