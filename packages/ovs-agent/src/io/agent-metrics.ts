// The connection agent's metrics.
import { type LastClientWrite, lastClientWrite } from "../core/client-write.ts";
import { complaintsLabel, type ExecMoment, type ExecRun } from "../core/exec-command.ts";
import type { AttachmentTimes } from "../core/attachment-fields.ts";
import type { AttachmentMachine } from "../core/attachment-machine.ts";
import type { Fabric } from "../core/fabric.ts";
import type { Clock } from "@coracle/base";
import type { WorkQueue } from "@coracle/kube";
import { type Metrics, type WorkObserver, WorkQueueMetrics } from "@coracle/lifecycle";
import type { WatchedTotals } from "./watch-totals.ts";

/** Upper bounds in seconds. Those at and below zero make clocks that differ visible. */
const BUCKETS_16: readonly number[] = [-0.125, 0, 0.125, 0.25, 0.5, 1, 2, 4, 8, 16];
const BUCKETS_256: readonly number[] = [...BUCKETS_16, 32, 64, 128, 256];

/** The fabric's operations by their label. */
export type FabricOperation = "CreateLocalIfc" | "DeleteLocalIfc" | "CreateRemoteIfc" | "DeleteRemoteIfc";

/** What the metrics are read from at scrape time. */
export interface AgentMetricsSources {
  readonly node: string;
  readonly workers: number;
  /** The build's commit. */
  readonly commit: string;
  readonly machine: AttachmentMachine;
  readonly fabric: Fabric;
  readonly queue: WorkQueue;
  readonly clock: Clock;
  /** Bytes and objects of watches: those of this node's attachments, and those of remote ones. */
  readonly watched: { readonly local: WatchedTotals; readonly remote: WatchedTotals };
  readonly exec: () => { readonly running: number; readonly waiting: number };
}

/** Records what happens; every metric but `version` carries the node. */
export class AgentMetrics {
  readonly #metrics: Metrics;
  readonly #node: string;
  readonly #latencies: Readonly<Record<LatencyName, (what: LastClientWrite, seconds: number) => void>>;
  readonly #fabric: (op: FabricOperation, err: "ok" | "err", seconds: number) => void;
  readonly #status: (statusErr: "ok" | "err", err: "ok" | "err" | "nf", seconds: number) => void;
  readonly #exec: (labels: ExecLabels, seconds: number) => void;
  /** Is told by the queue of statuses to write. */
  readonly work: WorkObserver;

  constructor(metrics: Metrics, sources: AgentMetricsSources) {
    const { node } = sources;
    this.#metrics = metrics;
    this.#node = node;
    this.#latencies = {
      local: this.#latency("last_client_write_to_local_ifc", "a local interface was made"),
      remote: this.#latency("last_client_write_to_remote_ifc", "a remote interface was made here"),
      "impl-to-remote": this.#latency(
        "attachment_impl_to_remote_ifc",
        "a remote interface was made here, counted from the status of its own node",
      ),
      status: this.#latency("last_client_write_to_status_update", "the status told the interface for the first time"),
    };
    const fabric = metrics.histogram({
      name: "coracle_agent_fabric_latency_seconds",
      help: "From a declaration to the fabric to its outcome.",
      labels: ["node", "op", "err"],
      buckets: BUCKETS_16,
    });
    this.#fabric = (op, err, seconds) => fabric.observe({ node, op, err }, seconds);
    const status = metrics.histogram({
      name: "coracle_agent_attachment_status_latency_seconds",
      help: "Round trip of a status update; statusErr says whether the status holds an error, err nf that the object is gone.",
      labels: ["node", "statusErr", "err"],
      buckets: BUCKETS_256,
    });
    this.#status = (statusErr, err, seconds) => status.observe({ node, statusErr, err }, seconds);
    this.#exec = this.#execMetrics();
    const queues = new WorkQueueMetrics(metrics);
    this.work = queues.observer(QUEUE_NAME);
    queues.addQueues({ [QUEUE_NAME]: sources.queue }, sources.clock);
    this.#addSampled(sources);
  }

  /** An interface was made; `wallMs` is now. */
  interfaceMade(
    kind: "local" | "remote",
    times: AttachmentTimes,
    at: { readonly wallMs: number; readonly relevance?: AttachmentTimes | undefined },
  ): void {
    const last = lastClientWrite(times, at.relevance);
    if (last === undefined) return;
    this.#latencies[kind](last.what, (at.wallMs - last.atMs) / 1000);
    const isOwnWrite = last.what === "na" || last.what === "subnet";
    if (kind === "remote" && isOwnWrite && times.implMs > 0) {
      this.#latencies["impl-to-remote"](last.what, (at.wallMs - times.implMs) / 1000);
    }
  }

  /** The status told an interface for the first time. */
  firstStatus(times: AttachmentTimes): void {
    const last = lastClientWrite(times);
    if (last !== undefined && times.implMs > 0) this.#latencies.status(last.what, (times.implMs - last.atMs) / 1000);
  }

  fabricOutcome(op: FabricOperation, isOk: boolean, durationMs: number): void {
    this.#fabric(op, isOk ? "ok" : "err", durationMs / 1000);
  }

  statusUpdate(hasError: boolean, outcome: "ok" | "err" | "nf", durationMs: number): void {
    this.#status(hasError ? "err" : "ok", outcome, durationMs / 1000);
  }

  execRun(what: ExecMoment, run: ExecRun): void {
    const exitStatus = String(run.report.exitStatus);
    this.#exec({ what, exitStatus, lgComplaints: complaintsLabel(run.report) }, run.durationMs / 1000);
  }

  #latency(name: string, what: string): (what: LastClientWrite, seconds: number) => void {
    const histogram = this.#metrics.histogram({
      name: `coracle_agent_${name}_latency_seconds`,
      help: `From the last relevant client write (last_client_wr says which) until ${what}.`,
      labels: ["node", "last_client_wr"],
      buckets: BUCKETS_256,
    });
    return (last, seconds) => histogram.observe({ node: this.#node, last_client_wr: last }, seconds);
  }

  #execMetrics(): (labels: ExecLabels, seconds: number) => void {
    const labels = ["node", "what", "exitStatus", "lgComplaints"] as const;
    const durations = this.#metrics.histogram({
      name: "coracle_agent_attachment_exec_duration_secs",
      help: "Run time of commands; lgComplaints is floor(log2(n)) of the words Invalid in their output, -1 for none.",
      labels,
      buckets: BUCKETS_256,
    });
    const counts = this.#metrics.counter({
      name: "coracle_agent_attachment_exec_status_count",
      help: "Runs of commands.",
      labels,
    });
    return (own, seconds) => {
      const all = { node: this.#node, ...own };
      durations.observe(all, seconds);
      counts.inc(all);
    };
  }

  #addSampled(sources: AgentMetricsSources): void {
    const { machine, fabric } = sources;
    this.#gauge("local_attachments", "Local interfaces in the fabric.", () => fabric.state().localCount);
    this.#gauge("remote_attachments", "Remote interfaces in the fabric.", () => fabric.state().remoteCount);
    this.#gauge(
      "vn_relevance_aggregate_delay_seconds",
      "Sum over relevant virtual networks of how much too late they were taken to be relevant.",
      () => machine.relevanceDelayMs() / 1000,
    );
    this.#gauge("relevant_vnis", "Virtual networks with attachments here.", () => machine.counts().watches - 1);
    this.#gauge("exec_running", "Commands that run.", () => sources.exec().running);
    this.#gauge("exec_waiting", "Commands that wait.", () => sources.exec().waiting);
    this.#metrics.sampledCounter({
      name: "coracle_agent_version",
      help: "Names the build; the value is always 1.",
      labels: ["git_commit"],
      sample: () => [{ labels: { git_commit: sources.commit }, value: 1 }],
    });
    this.#counter("worker_count", "Workers.", () => sources.workers);
    this.#counter("overflows_total", "Objects left out for want of room.", () => machine.counts().overflows);
    this.#counter("unusable_total", "Remote attachments seen that IPv4 cannot reach.", () => machine.counts().unusable);
    this.#watched(sources);
    this.#metrics.sampledCounter({
      name: "coracle_agent_fabric_count",
      help: "Names the fabric; the value is always 1.",
      labels: ["node", "fabric"],
      sample: () => [{ labels: { node: this.#node, fabric: fabric.name }, value: 1 }],
    });
  }

  #watched({ watched, node }: AgentMetricsSources): void {
    for (const [what, help] of [
      ["bytes", "Bytes of watches read, decompressed; scope is local or remote attachments."],
      ["events", "Objects and events of watches read; scope is local or remote attachments."],
    ] as const) {
      this.#metrics.sampledCounter({
        name: `coracle_agent_watch_${what}_total`,
        help,
        labels: ["node", "scope"],
        sample: () => [
          { labels: { node, scope: "local" }, value: watched.local[what] },
          { labels: { node, scope: "remote" }, value: watched.remote[what] },
        ],
      });
    }
  }

  #gauge(name: string, help: string, value: () => number): void {
    const labels = { node: this.#node };
    this.#metrics.sampled({
      name: `coracle_agent_${name}`,
      help,
      labels: ["node"],
      sample: () => [{ labels, value: value() }],
    });
  }

  #counter(name: string, help: string, value: () => number): void {
    const labels = { node: this.#node };
    this.#metrics.sampledCounter({
      name: `coracle_agent_${name}`,
      help,
      labels: ["node"],
      sample: () => [{ labels, value: value() }],
    });
  }
}

type LatencyName = "local" | "remote" | "impl-to-remote" | "status";

interface ExecLabels {
  readonly what: ExecMoment;
  readonly exitStatus: string;
  readonly lgComplaints: string;
}

const QUEUE_NAME = "ca";
