// What a fleet does, as Prometheus metrics.
import type { Metrics } from "@coracle/lifecycle";
import type { FleetOutput } from "../../core/devices/device-types.ts";
import type { Fleet } from "../../core/devices/fleet.ts";
import type { FleetTally } from "../../core/devices/fleet-tally.ts";

const BUCKETS = [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.125, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64];

/** Registers the metrics; the result is to be told every output. */
export function addDevicesMetrics(metrics: Metrics, fleet: Fleet, tally: FleetTally): (output: FleetOutput) => void {
  metrics.sampledCounter({
    name: "coracle_devices_events_total",
    help: "What the devices did.",
    labels: ["event"],
    sample: () => Object.entries(tally.counts).map(([event, value]) => ({ labels: { event }, value })),
  });
  metrics.sampled({
    name: "coracle_devices_connected",
    help: "Devices with a session.",
    sample: () => [{ value: fleet.established }],
  });
  metrics.sampled({
    name: "coracle_devices_requests_under_way",
    help: "Requests that wait for an answer.",
    sample: () => [{ value: fleet.underWay }],
  });
  const requests = metrics.histogram({
    name: "coracle_devices_request_latency_seconds",
    help: "Request to answer, repetitions included.",
    buckets: BUCKETS,
  });
  const handshakes = metrics.histogram({
    name: "coracle_devices_handshake_latency_seconds",
    help: "First ClientHello to the session.",
    buckets: BUCKETS,
  });
  return (output) => {
    if (output.kind === "answered") requests.observe(output.tookMs / 1000);
    else if (output.kind === "established") handshakes.observe(output.tookMs / 1000);
  };
}
