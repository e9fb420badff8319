// The metrics of work queues, as Kubernetes' controllers have them (client-go util/workqueue metrics).
import type { Clock, Millis } from "@coracle/base";
import type { Metrics } from "./metrics.ts";

/** A queue as far as it is measured. */
export interface MeasuredQueue {
  /** Keys ready; sum and maximum of the time spent so far on what is being worked on. */
  state(now: Millis): { readonly depth: number; readonly unfinishedMs: number; readonly longestMs: number };
  /** Since the start: keys added, and sent to their backoff. */
  totals(): { readonly added: number; readonly retried: number };
}

/** Is told by one queue, or by those who work on its keys. */
export interface WorkObserver {
  readonly started: (waitedMs: number) => void;
  readonly finished: (workedMs: number) => void;
}

/** 10 ns by factors of 10, in seconds. */
const TEN_DECADES: readonly number[] = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10];
const LABELS = ["name"] as const;

/** The metrics `coracle_workqueue_*` of a process, whose queues have names. */
export class WorkQueueMetrics {
  readonly #metrics: Metrics;
  readonly #waited: (name: string, seconds: number) => void;
  readonly #worked: (name: string, seconds: number) => void;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
    this.#waited = this.#histogram("queue_duration_seconds", "Time keys wait before they are worked on.");
    this.#worked = this.#histogram("work_duration_seconds", "Time the work on a key takes.");
  }

  /** What the queue of this name is to tell. */
  observer(name: string): WorkObserver {
    return {
      started: (waitedMs) => this.#waited(name, waitedMs / 1000),
      finished: (workedMs) => this.#worked(name, workedMs / 1000),
    };
  }

  /** Adds what is read from the queues, by name, at scrape time. */
  addQueues(queues: Readonly<Record<string, MeasuredQueue>>, clock: Clock): void {
    const sampled = (value: (queue: MeasuredQueue) => number) => () =>
      Object.entries(queues).map(([name, queue]) => ({ labels: { name }, value: value(queue) }));
    const state = (queue: MeasuredQueue): ReturnType<MeasuredQueue["state"]> => queue.state(clock.now());
    for (const [rest, help, value] of [
      ["adds_total", "Keys added.", (queue: MeasuredQueue) => queue.totals().added],
      ["retries_total", "Keys sent to their backoff.", (queue: MeasuredQueue) => queue.totals().retried],
    ] as const) {
      this.#metrics.sampledCounter({ name: fullName(rest), help, labels: LABELS, sample: sampled(value) });
    }
    for (const [rest, help, value] of [
      ["depth", "Keys ready to be worked on.", (queue: MeasuredQueue) => state(queue).depth],
      [
        "unfinished_work_seconds",
        "Time spent so far on what is being worked on.",
        (queue: MeasuredQueue) => state(queue).unfinishedMs / 1000,
      ],
      [
        "longest_running_processor_seconds",
        "Longest of these.",
        (queue: MeasuredQueue) => state(queue).longestMs / 1000,
      ],
    ] as const) {
      this.#metrics.sampled({ name: fullName(rest), help, labels: LABELS, sample: sampled(value) });
    }
  }

  #histogram(rest: string, help: string): (name: string, seconds: number) => void {
    const histogram = this.#metrics.histogram({ name: fullName(rest), help, labels: LABELS, buckets: TEN_DECADES });
    return (name, seconds) => histogram.observe({ name }, seconds);
  }
}

function fullName(rest: string): string {
  return `coracle_workqueue_${rest}`;
}
