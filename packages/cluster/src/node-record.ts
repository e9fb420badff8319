// What the table knows of one other node, and the verdict from how long it has been silent.
import type { Millis } from "@coracle/base";
import { type Endpoint, formatEndpoint } from "./endpoint.ts";
import type { NodeId } from "./node-id.ts";
import type { ClusterTimers } from "./node-table-options.ts";
import type { NodeState } from "./ping-pong.ts";

/** Alive and suspect nodes are forwarded to, and those of a fixed table, of whom nothing is known; dead and left ones are only shown. */
export type Liveness = "alive" | "suspect" | "dead" | "left" | "unknown";

/** One other node as the table shows it. */
export interface NodeView {
  readonly nodeId: NodeId;
  readonly endpoint: Endpoint;
  readonly liveness: Liveness;
  /** What the node said of its start-up. */
  readonly state: NodeState | undefined;
  /** Counts joins, returns and moves as seen from here, from 1. */
  readonly incarnation: number;
  readonly lastSeen: Millis;
  /** Smoothed round trip, `undefined` until a ping was answered unambiguously. */
  readonly rttMs: number | undefined;
}

/** The table's own entry. */
export interface NodeRecord {
  readonly nodeId: NodeId;
  endpoint: Endpoint;
  key: string;
  liveness: Liveness;
  state: NodeState | undefined;
  incarnation: number;
  lastSeen: Millis;
  nextPingAt: Millis;
  /** When the one unanswered ping was sent; `undefined` if none or several are out (Karn's rule: those measure nothing). */
  pingSentAt: Millis | undefined;
  pingsUnanswered: number;
  rttMs: number | undefined;
  /** What the newest lists said of the node's address; only one that vanished from them says something. */
  listing: "unknown" | "listed" | "delisted";
  /** An address whose messages with this id are ignored until `deafUntil`: where the node was, or a refused twin. */
  deafTo: string | undefined;
  deafUntil: Millis;
}

/** A smoothing weight of 1/8, as TCP's round-trip estimate has it (RFC 6298 §2). */
const RTT_WEIGHT = 0.125;

/** A new entry, alive as of now. */
export function makeNodeRecord(id: NodeId, endpoint: Endpoint, now: Millis): NodeRecord {
  return {
    nodeId: id,
    endpoint,
    key: formatEndpoint(endpoint),
    liveness: "alive",
    state: undefined,
    incarnation: 1,
    lastSeen: now,
    nextPingAt: now,
    pingSentAt: undefined,
    pingsUnanswered: 0,
    rttMs: undefined,
    listing: "unknown",
    deafTo: undefined,
    deafUntil: now,
  };
}

/** True if datagrams are forwarded to the node. */
export function isMember(record: NodeRecord): boolean {
  return record.liveness === "alive" || record.liveness === "suspect";
}

/**
 * The verdict on a member by its silence. Sums are compared, not differences: a driver that comes exactly at
 * {@link nextDueAt} must find the verdict changed, whatever the fractions of the clock round to.
 */
export function judgeSilence(record: NodeRecord, now: Millis, timers: ClusterTimers): "alive" | "suspect" | "dead" {
  if (now >= deadAt(record, timers)) return "dead";
  return now >= suspectAt(record, timers) ? "suspect" : "alive";
}

/** When something is to be done about a node that stays silent: a ping, a verdict, or to forget it. */
export function nextDueAt(record: NodeRecord, timers: ClusterTimers): number {
  if (!isMember(record)) return record.lastSeen + timers.goneKeepMs;
  const verdictAt = record.liveness === "alive" ? suspectAt(record, timers) : deadAt(record, timers);
  return Math.min(record.nextPingAt, verdictAt);
}

function suspectAt(record: NodeRecord, timers: ClusterTimers): number {
  return record.lastSeen + Math.min(timers.refreshIntervalMs + timers.tickIntervalMs, silenceMsMax(timers));
}

function deadAt(record: NodeRecord, timers: ClusterTimers): number {
  return record.lastSeen + silenceMsMax(timers);
}

function silenceMsMax(timers: ClusterTimers): number {
  return timers.refreshIntervalMs + timers.expirationTimeMs;
}

/** Takes a ping's round trip into the estimate. */
export function noteRoundTrip(record: NodeRecord, now: Millis): void {
  if (record.pingSentAt === undefined) return;
  const sampleMs = now - record.pingSentAt;
  record.rttMs = record.rttMs === undefined ? sampleMs : record.rttMs + RTT_WEIGHT * (sampleMs - record.rttMs);
}

/** The entry as others see it. */
export function viewNode(record: NodeRecord): NodeView {
  const { nodeId, endpoint, liveness, state, incarnation, lastSeen, rttMs } = record;
  return { nodeId, endpoint, liveness, state, incarnation, lastSeen, rttMs };
}
