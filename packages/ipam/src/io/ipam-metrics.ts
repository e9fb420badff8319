// The metrics of the address controller, the subnet validator and their queues: names, types, labels, buckets.
import type { Clock } from "@coracle/base";
import type { WorkQueue, WorkQueueObserver } from "@coracle/kube";
import { type Metrics, WorkQueueMetrics } from "@coracle/lifecycle";
import { type ApiAnswer, type ApiCall, failureOf } from "../core/api-call.ts";
import type { AddressLatency, AddressObserver } from "../core/assign/address-observer.ts";
import type { QueueName } from "../core/ipam-machine.ts";
import type { ValidatorObserver } from "../core/validate/validate-subnet.ts";

/** Seconds; bounds below zero make clocks that differ visible. */
const B64 = [-0.125, 0, 0.125, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64];
const L64 = [-1, 0, 0.125, 0.25, 0.5, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64];
const V64 = [-1, 0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64];
const LISTED = [-1, 0, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192];

/** Where the machine's observations go. */
export interface IpamMetrics {
  readonly address: AddressObserver;
  readonly validator: ValidatorObserver;
  readonly queues: Readonly<Record<QueueName, WorkQueueObserver>>;
  readonly called: (call: ApiCall, answer: ApiAnswer, durationMs: number) => void;
  /** Adds what is read from the queues at scrape time. */
  readonly addQueues: (queues: Readonly<Record<QueueName, WorkQueue>>) => void;
}

/** Registers everything. `commit` is the build's. */
export function createIpamMetrics(
  metrics: Metrics,
  options: { readonly workers: number; readonly validators: number; readonly commit: string; readonly clock: Clock },
): IpamMetrics {
  addConstants(metrics, "ipam", options.workers, options.commit);
  addConstants(metrics, "subnet_validator", options.validators, options.commit);
  const validator = createValidatorMetrics(metrics, options.clock);
  const ipam = createAddressMetrics(metrics);
  const queues = new WorkQueueMetrics(metrics);
  return {
    address: ipam.observer,
    validator: validator.observer,
    queues: { ipam: queues.observer("ipam"), sv: queues.observer("sv") },
    addQueues: (byName) => queues.addQueues(byName, options.clock),
    called: (call, answer, durationMs) => {
      ipam.called(call, answer, durationMs / 1000);
      validator.called(call, answer, durationMs / 1000);
    },
  };
}

function addConstants(metrics: Metrics, subsystem: string, workers: number, commit: string): void {
  const workerCount = metrics.counter({ name: `coracle_${subsystem}_worker_count`, help: "Workers." });
  workerCount.inc(workers);
  const version = metrics.counter({
    name: `coracle_${subsystem}_version`,
    help: "Which build this is; the value is always 1.",
    labels: ["git_commit"],
  });
  version.inc({ git_commit: commit });
}

type Called = (call: ApiCall, answer: ApiAnswer, seconds: number) => void;

function createAddressMetrics(metrics: Metrics): { readonly observer: AddressObserver; readonly called: Called } {
  const name = (rest: string): string => `coracle_ipam_${rest}`;
  const contention = metrics.histogram({
    name: name("address_contention"),
    help: "Choices of an address: 0 a free one was found, 1 there was none.",
    buckets: [0],
  });
  const labels = ["last_client_wr", "contention"] as const;
  const lockLatency = metrics.histogram({
    name: name("last_client_write_to_lock_latency_seconds"),
    help: "Last client write to server time of the lock.",
    labels,
    buckets: L64,
  });
  const addressLatency = metrics.histogram({
    name: name("last_client_write_to_address_latency_seconds"),
    help: "Last client write to server time of status.address.",
    labels,
    buckets: L64,
  });
  const locks = metrics.histogram({
    name: name("ip_lock_latency_seconds"),
    help: "Round trip of making or deleting a lock.",
    labels: ["op", "err"],
    buckets: B64,
  });
  const updates = metrics.histogram({
    name: name("attachment_update_latency_seconds"),
    help: "Round trip of a status update.",
    labels: ["statusErr", "err"],
    buckets: B64,
  });
  const anticipation = metrics.histogram({
    name: name("anticipation_used"),
    help: "0 not anticipated, 1 lock seen and address anticipated, 2 anticipated without seeing the lock.",
    buckets: [0, 1, 2],
  });
  const statusUsed = metrics.histogram({
    name: name("status_used"),
    help: "1 when reading the lock named by a status was useful.",
    buckets: [0, 1],
  });
  const observe = (histogram: typeof lockLatency, latency: AddressLatency | undefined): void => {
    if (latency === undefined) return;
    const { lastClientWrite, hasContention, latencySeconds } = latency;
    histogram.observe({ last_client_wr: lastClientWrite, contention: String(hasContention) }, latencySeconds);
  };
  return {
    observer: {
      picked: (isFull) => contention.observe(isFull ? 1 : 0),
      locked: (_attachment, _lock, latency) => observe(lockLatency, latency),
      assigned: (latency) => observe(addressLatency, latency),
      anticipated: (kind) => anticipation.observe(kind),
      statusUsed: (isUseful) => statusUsed.observe(isUseful ? 1 : 0),
    },
    called: (call, answer, seconds) => {
      const err = errLabel(answer);
      if (call.kind === "create-lock") locks.observe({ op: "create", err: err === "ok" ? err : "err" }, seconds);
      else if (call.kind === "delete-lock") locks.observe({ op: "delete", err: err === "err" ? err : "ok" }, seconds);
      else if (call.kind === "write-attachment") {
        updates.observe({ statusErr: call.status.errors === undefined ? "ok" : "err", err }, seconds);
      }
    },
  };
}

function createValidatorMetrics(
  metrics: Metrics,
  clock: Clock,
): { readonly observer: ValidatorObserver; readonly called: Called } {
  const name = (rest: string): string => `coracle_subnet_validator_${rest}`;
  const created = metrics.histogram({
    name: name("subnet_create_to_validated_latency_seconds"),
    help: "creationTimestamp to return of the status update.",
    labels: ["statusErr"],
    buckets: V64,
  });
  const updates = metrics.histogram({
    name: name("subnet_update_latency_seconds"),
    help: "Round trip of a status update.",
    labels: ["err", "statusErr"],
    buckets: B64,
  });
  const lists = metrics.histogram({
    name: name("live_list_latency_seconds"),
    help: "Round trip of a live list.",
    labels: ["err"],
    buckets: B64,
  });
  const listed = metrics.histogram({
    name: name("number_of_subnets_returned_by_live_list"),
    help: "Subnets in the answer to a live list.",
    buckets: LISTED,
  });
  const duplicates = metrics.counter({ name: name("duplicate_work_count"), help: "Verdicts that the status had." });
  const stale = metrics.counter({
    name: name("stale_subnet_work_suppression_count"),
    help: "Work left alone since the watch had not shown our own write.",
  });
  const mismatches = metrics.counter({
    name: name("subnet_live_vs_conflict_cache_count"),
    help: "Rivals in a live list that the watch showed differently.",
    labels: ["mismatch_type"],
  });
  return {
    observer: {
      listed: (subnets) => listed.observe(subnets),
      duplicateWork: () => duplicates.inc(),
      staleSuppressed: () => stale.inc(),
      mismatch: (kind) => mismatches.inc({ mismatch_type: kind }),
      wrote: (subnet, verdict, isWritten) => {
        if (!isWritten || subnet.createdMs === 0) return;
        const statusErr = verdict.errors.length === 0 ? "ok" : "err";
        created.observe({ statusErr }, (clock.wallMs() - subnet.createdMs) / 1000);
      },
    },
    called: (call, answer, seconds) => {
      const err = errLabel(answer);
      if (call.kind === "list-subnets") lists.observe({ err: err === "ok" ? err : "err" }, seconds);
      else if (call.kind === "write-subnet") {
        updates.observe({ err, statusErr: call.status.errors === undefined ? "ok" : "err" }, seconds);
      }
    },
  };
}

function errLabel(answer: ApiAnswer): "ok" | "err" | "nf" {
  const code = failureOf(answer);
  if (code === undefined) return "ok";
  return code === "not-found" ? "nf" : "err";
}
