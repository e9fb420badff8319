// What one look at the DTLS cluster found, read from what its programs answer over HTTP.
import { member } from "./json-member.ts";
import type { MetricSamples } from "./metric-samples.ts";

/** Counters and levels of one router. */
export interface RouterSample {
  /** Records of devices opened here, whichever node they came to. */
  readonly served: number;
  /** Datagrams given to the node that has the session. */
  readonly forwarded: number;
  /** Answers of other nodes passed to devices. */
  readonly backwarded: number;
  /** Handshakes completed. */
  readonly handshakes: number;
  /** Sessions there are now. */
  readonly sessions: number;
  /** Datagrams, and records of sessions, that were dropped; by cause. */
  readonly drops: ReadonlyMap<string, number>;
}

/** Counters and levels of the fleet. */
export interface DevicesSample {
  /** Devices that have a session now. */
  readonly connected: number;
  readonly requests: number;
  readonly answered: number;
  /** Requests without an answer after all their repetitions. */
  readonly lost: number;
  readonly retransmissions: number;
  readonly handshakes: number;
  /** Of all answers together. */
  readonly latencySeconds: number;
}

/** How a node is, as a heartbeat sees it. */
export interface NodeLiveness {
  readonly nodeId: number;
  readonly liveness: string;
}

/** Records of sessions that were dropped. Copies of what was served are no loss, and flights of handshakes are sent again. */
const LOST_RECORDS: ReadonlySet<string> = new Set([
  "dropMalformed",
  "dropTooManyRecords",
  "dropBadEpoch",
  "dropUnknownCid",
  "dropMissingCid",
  "dropBadMac",
  "dropBadRecord",
]);

/** One look. What did not answer is absent. */
export interface ClusterSample {
  readonly wallMs: number;
  /** By node id. */
  readonly routers: ReadonlyMap<number, RouterSample>;
  readonly devices: DevicesSample | undefined;
  /** Addresses that the balancer has changed. */
  readonly addressChanges: number | undefined;
  /** As the first heartbeat that answered sees the nodes. */
  readonly nodes: readonly NodeLiveness[] | undefined;
}

/** Reads a router's metrics. */
export function readRouterSample(samples: MetricSamples): RouterSample {
  const datagrams = (route: string): number => samples.value("coracle_router_datagrams_total", { route });
  const dtls = (event: string): number => samples.value("coracle_dtls_events_total", { event });
  return {
    served: dtls("recordsOpened"),
    forwarded: datagrams("forwarded"),
    backwarded: datagrams("backwarded"),
    handshakes: dtls("handshakesCompleted"),
    sessions: samples.value("coracle_router_held", { what: "sessions" }),
    drops: sumsOf([
      samples.by("coracle_router_drops_total", "cause"),
      samples.by("coracle_router_port_drops_total", "cause"),
      new Map([...samples.by("coracle_dtls_drops_total", "cause")].filter(([cause]) => LOST_RECORDS.has(cause))),
    ]),
  };
}

/** Reads the fleet's metrics. */
export function readDevicesSample(samples: MetricSamples): DevicesSample {
  const events = (event: string): number => samples.value("coracle_devices_events_total", { event });
  return {
    connected: samples.value("coracle_devices_connected"),
    requests: events("requests"),
    answered: events("answered"),
    lost: events("lost"),
    retransmissions: events("retransmissions"),
    handshakes: events("handshakes"),
    latencySeconds: samples.value("coracle_devices_request_latency_seconds_sum"),
  };
}

/** Reads the balancer's metrics: every new address of a device. */
export function readAddressChanges(samples: MetricSamples): number {
  const moved = (cause: string): number => samples.value("coracle_nat_moves_total", { cause });
  return moved("rebind") + moved("nat-timeout");
}

/** Reads a heartbeat's `/nodes`; `undefined` for anything else. */
export function readNodes(document: unknown): readonly NodeLiveness[] | undefined {
  const nodes = member(document, "nodes");
  if (!Array.isArray(nodes)) return undefined;
  return nodes.flatMap((node: unknown) => {
    const [nodeId, liveness] = [member(node, "nodeId"), member(node, "liveness")];
    return typeof nodeId === "number" && typeof liveness === "string" ? [{ nodeId, liveness }] : [];
  });
}

/** `dropUnknownCid` as other causes are written: `unknown-cid`. */
function causeText(cause: string): string {
  return cause
    .replace(/^drop(?=[A-Z])/, "")
    .replace(/(?<!^)[A-Z]/g, "-$&")
    .toLowerCase();
}

/** Sums by cause. */
function sumsOf(maps: readonly ReadonlyMap<string, number>[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const [cause, count] of maps.flatMap((map) => [...map])) {
    const text = causeText(cause);
    sums.set(text, (sums.get(text) ?? 0) + count);
  }
  return sums;
}
