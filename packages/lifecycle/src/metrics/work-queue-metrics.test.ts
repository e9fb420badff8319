// What a scrape says of queues.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "@coracle/base";
import { Metrics } from "./metrics.ts";
import { WorkQueueMetrics } from "./work-queue-metrics.ts";

test("totals, state and durations of each queue stand under its name", async () => {
  const metrics = new Metrics({ component: "test", version: "0.0.0" });
  const clock = new ManualClock({ nowMs: 5000 });
  const queueMetrics = new WorkQueueMetrics(metrics);
  const totals = (): { added: number; retried: number } => ({ added: 3, retried: 2 });
  const queue = {
    totals,
    state: (now: number) => ({ depth: 4, unfinishedMs: now, longestMs: now / 2 }),
  };
  queueMetrics.addQueues({ a: queue, b: queue }, clock);
  const observer = queueMetrics.observer("a");
  observer.started(20);
  observer.finished(300);
  const { text } = await metrics.expose();
  for (const line of [
    'adds_total{name="a"} 3',
    'adds_total{name="b"} 3',
    'retries_total{name="a"} 2',
    'depth{name="a"} 4',
    'unfinished_work_seconds{name="a"} 5',
    'longest_running_processor_seconds{name="a"} 2.5',
    'queue_duration_seconds_sum{name="a"} 0.02',
    'queue_duration_seconds_bucket{le="0.1",name="a"} 1',
    'work_duration_seconds_sum{name="a"} 0.3',
  ]) {
    assert.ok(text.includes(`coracle_workqueue_${line}\n`), line);
  }
});
