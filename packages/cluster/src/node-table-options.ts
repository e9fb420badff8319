// Settings of the node table: Californium's timers by default, and caps on everything that grows.
import { assert, type Random } from "@coracle/base";
import { copyEndpoint, type Endpoint, formatEndpoint } from "./endpoint.ts";
import { NODE_IDS, type NodeId } from "./node-id.ts";

/** Durations in milliseconds; the first four are Californium's `CLUSTER_MGMT.*`. */
export interface ClusterTimers {
  /** A candidate that does not answer is pinged this often while the cluster forms; silence this much past refresh is suspect. */
  readonly tickIntervalMs: number;
  /** A node not heard for this long is pinged. */
  readonly refreshIntervalMs: number;
  /** Discovery runs at least this often; listed addresses without a node are pinged this often. */
  readonly discoverIntervalMs: number;
  /** Added to refresh: silence after which a node is dead. */
  readonly expirationTimeMs: number;
  /** A node that did not answer a ping is pinged again this often. */
  readonly retryIntervalMs: number;
  /** First pause between pings to a candidate; doubles up to the tick while the cluster forms. */
  readonly joinIntervalMs: number;
  /** How long the known holder of an id has to answer when another address claims it. */
  readonly claimTimeoutMs: number;
  /** Discovery never runs more often than this. */
  readonly discoverGapMs: number;
  /** A dead or left node is shown this long. */
  readonly goneKeepMs: number;
}

/** Californium's values, and ours for what it has no timer for. */
export const CLUSTER_TIMERS: ClusterTimers = {
  tickIntervalMs: 2000,
  refreshIntervalMs: 4000,
  discoverIntervalMs: 10_000,
  expirationTimeMs: 6000,
  retryIntervalMs: 500,
  joinIntervalMs: 250,
  claimTimeoutMs: 600,
  discoverGapMs: 1000,
  goneKeepMs: 600_000,
};

/** A deadline met this much late means that this process stood still, not that the others were silent. */
export const STALL_MS = 1000;

/** Where the addresses of the cluster come from. */
export type Discovery =
  /** A fixed list. It may name this node too. */
  | { readonly kind: "static"; readonly addresses: readonly Endpoint[] }
  /** The driver is asked by `discover` and answers with `discovered` or `discovery-failed`. */
  | { readonly kind: "dynamic" };

/** Settings of a `NodeTable`. */
export interface NodeTableOptions {
  readonly nodeId: NodeId;
  readonly random: Random;
  readonly discovery: Discovery;
  /** This node's own cluster addresses as others see them: tells an echo of oneself from an id clash. */
  readonly selfAddresses?: readonly Endpoint[];
  /** Nodes of the whole cluster, this one included. Needed with dynamic discovery; a static list is counted. */
  readonly nodesExpected?: number;
  /** Nodes, this one included, without which this node is not ready. Default: more than half of those expected. */
  readonly readyNodesMin?: number;
  /** Accept nodes only from listed addresses. Default true; false where a management session proves membership. */
  readonly listedOnly?: boolean;
  readonly timers?: Partial<ClusterTimers>;
  /** Other nodes kept, dead ones included. Default 255. */
  readonly nodesMax?: number;
  /** Addresses kept of a list. Default 512. */
  readonly candidatesMax?: number;
}

/** Options with every default filled in and every contradiction refused. */
export interface NodeTableSettings {
  readonly nodeId: NodeId;
  readonly random: Random;
  readonly discovery: Discovery;
  readonly selfKeys: ReadonlySet<string>;
  readonly nodesExpected: number;
  readonly readyNodesMin: number;
  readonly listedOnly: boolean;
  readonly timers: ClusterTimers;
  readonly nodesMax: number;
  readonly candidatesMax: number;
}

/** Checks `options` and fills in defaults; asserts on contradictions, so that a wrong set-up refuses to start. */
export function nodeTableSettings(options: NodeTableOptions): NodeTableSettings {
  const selfKeys = new Set((options.selfAddresses ?? []).map((address) => formatEndpoint(copyEndpoint(address))));
  const nodesExpected = options.nodesExpected ?? countExpected(options.discovery, selfKeys);
  const readyNodesMin = options.readyNodesMin ?? Math.floor(nodesExpected / 2) + 1;
  const timers = { ...CLUSTER_TIMERS, ...options.timers };
  assert(
    Number.isInteger(nodesExpected) && nodesExpected >= 1 && nodesExpected <= NODE_IDS,
    `Cannot expect a cluster of 1 to ${NODE_IDS} nodes: current value is ${nodesExpected}`,
  );
  assert(
    Number.isInteger(readyNodesMin) && readyNodesMin >= 1 && readyNodesMin <= nodesExpected,
    `Cannot be ready with 1 to ${nodesExpected} nodes: current value is ${readyNodesMin}`,
  );
  for (const [name, durationMs] of Object.entries(timers))
    assert(durationMs > 0 && Number.isFinite(durationMs), `Cannot use a timer: ${name} is ${durationMs}`);
  const nodesMax = options.nodesMax ?? NODE_IDS - 1;
  assert(nodesMax >= nodesExpected - 1 && nodesMax < NODE_IDS, `Cannot keep the other nodes: nodesMax is ${nodesMax}`);
  const candidatesMax = options.candidatesMax ?? 512;
  assert(candidatesMax > 0 && candidatesMax <= 4096, `Cannot keep candidates: candidatesMax is ${candidatesMax}`);
  return {
    nodeId: options.nodeId,
    random: options.random,
    discovery: options.discovery,
    selfKeys,
    nodesExpected,
    readyNodesMin,
    listedOnly: options.listedOnly ?? true,
    timers,
    nodesMax,
    candidatesMax,
  };
}

/** A list that leaves this node out counts one more. Without own addresses one entry still means two nodes. */
function countExpected(discovery: Discovery, selfKeys: ReadonlySet<string>): number {
  assert(discovery.kind === "static", "Cannot count the nodes of dynamic discovery: nodesExpected is missing");
  const keys = new Set(discovery.addresses.map((address) => formatEndpoint(address)));
  assert(keys.size > 0, "Cannot form a cluster from a list: it is empty");
  if (selfKeys.size === 0) return Math.max(2, keys.size);
  return [...keys].filter((key) => !selfKeys.has(key)).length + 1;
}
