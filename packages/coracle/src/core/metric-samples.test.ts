// Prometheus text read back: names, labels, sums, and what is no sample.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MetricSamples } from "./metric-samples.ts";

const TEXT = `# HELP drops_total Dropped.
# TYPE drops_total counter
drops_total{port="public",cause="queue full"} 3
drops_total{port="cluster",cause="queue full"} 4
drops_total{port="cluster",cause="too \\"large\\", really"} 0
ready 1
seconds_sum 0.25
nonsense{ 5
limit +Inf
moment 7 1700000000000
`;

test("samples are found by name and some of their labels", () => {
  const samples = new MetricSamples(TEXT);
  assert.equal(samples.value("drops_total", { port: "cluster" }), 4);
  assert.equal(samples.value("drops_total", { port: "cluster", cause: "queue full" }), 4);
  assert.equal(samples.value("drops_total", { port: "none" }), 0);
  assert.equal(samples.value("ready"), 1);
  assert.equal(samples.value("seconds_sum"), 0.25);
  assert.equal(samples.value("moment"), 7);
  assert.equal(samples.value("limit"), 0);
  assert.equal(samples.value("nonsense"), 0);
});

test("samples are summed by a label, and zeros are left out", () => {
  assert.deepEqual([...new MetricSamples(TEXT).by("drops_total", "cause")], [["queue full", 7]]);
  assert.deepEqual([...new MetricSamples(TEXT).by("none", "cause")], []);
});

test("no more lines are read than the cap allows", () => {
  const lines = Array.from({ length: 10_001 }, (_, index) => `line_${index} 1`).join("\n");
  const samples = new MetricSamples(lines);
  assert.equal(samples.value("line_9999"), 1);
  assert.equal(samples.value("line_10000"), 0);
});
