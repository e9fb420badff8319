// What passes between the main thread and the workers besides datagrams: members, questions and farewells one way, answers the other.
import type { ClusterMacKeyMaterial, Endpoint, NodeId } from "@coracle/cluster";

/** Numbers of the messages. */
export const WorkerMessage = {
  memberSet: 1,
  memberRemoved: 2,
  question: 3,
  farewell: 4,
  answer: 5,
  stranger: 6,
  farewellDone: 7,
  warning: 8,
  handshakeFailed: 9,
} as const;

/** A member as it is posted; `keys` only where frames carry a MAC. */
export interface PostedMember {
  readonly nodeId: NodeId;
  readonly endpoint: Endpoint;
  readonly keys: ClusterMacKeyMaterial | undefined;
}

/** What a worker can be asked. */
export type WorkerQuestion =
  /** Nothing: whether it answers at all. */
  | { readonly kind: "alive" }
  | { readonly kind: "counts" }
  | { readonly kind: "sessions" }
  /** What has the connection ID, given in hexadecimal. */
  | { readonly kind: "stage"; readonly cid: string };

/** A question with the number that its answer bears. */
export interface PostedQuestion {
  readonly id: number;
  readonly question: WorkerQuestion;
}

/** An answer: {@link WorkerCounts}, {@link SessionCounts}, or a stage. */
export interface PostedAnswer {
  readonly id: number;
  readonly answer: unknown;
}

type Counts = Readonly<Record<string, number>>;

/** Everything that a worker counts; the main thread adds up those of all. */
export interface WorkerCounts {
  readonly dtls: Counts;
  readonly routes: Counts;
  readonly drops: Counts;
  readonly handshakeFailures: Counts;
  readonly refusals: Counts;
  readonly upstream: Counts;
  /** Lookups of pre-shared keys. */
  readonly lookups: Counts;
  /** What is held in memory. */
  readonly held: Counts;
}

/** Sessions by kind, never whose. */
export interface SessionCounts {
  readonly sessions: number;
  readonly handshakes: number;
  readonly throughOtherNodes: number;
  readonly withoutConnectionId: number;
  readonly bySuite: Counts;
  readonly byIdentity: Counts;
  /** By the configuration of their connection IDs, in layouts that have such: a key is needed as long as it counts here. */
  readonly byCidConfiguration: Counts;
  readonly upstream: Counts;
}

/** Whether a connection ID is a session's or a handshake's. */
export type CidStage = "session" | "handshake" | "unknown";

/** Any of the messages as bytes. Arrays of bytes are written as lists of numbers; members change seldom. */
export function encodeMessage(message: unknown): Uint8Array {
  const json = JSON.stringify(message, (_key, value: unknown) =>
    value instanceof Uint8Array ? { bytes: Array.from(value) } : value,
  );
  return new TextEncoder().encode(json);
}

/** The inverse of {@link encodeMessage}; both ends are this program. */
export function decodeMessage(bytes: Uint8Array): unknown {
  const revive = (_key: string, value: unknown): unknown => {
    const listed: unknown = typeof value === "object" && value !== null ? Reflect.get(value, "bytes") : undefined;
    return Array.isArray(listed) ? Uint8Array.from(listed as number[]) : value;
  };
  return JSON.parse(new TextDecoder().decode(bytes), revive);
}

/** Counts of several workers added up, name by name, also of those that not all have. */
export function addCounts(all: readonly Counts[]): Counts {
  const sum: Record<string, number> = {};
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count;
  }
  return sum;
}

/** The sum of what several workers count. */
export function addWorkerCounts(all: readonly WorkerCounts[]): WorkerCounts {
  const sum = (of: (counts: WorkerCounts) => Counts): Counts => addCounts(all.map(of));
  return {
    dtls: sum(({ dtls }) => dtls),
    routes: sum(({ routes }) => routes),
    drops: sum(({ drops }) => drops),
    handshakeFailures: sum(({ handshakeFailures }) => handshakeFailures),
    refusals: sum(({ refusals }) => refusals),
    upstream: sum(({ upstream }) => upstream),
    lookups: sum(({ lookups }) => lookups),
    held: sum(({ held }) => held),
  };
}

/** The sum of the sessions of several workers. */
export function addSessionCounts(all: readonly SessionCounts[]): SessionCounts {
  const total = (of: (counts: SessionCounts) => number): number => all.reduce((sum, counts) => sum + of(counts), 0);
  return {
    sessions: total(({ sessions }) => sessions),
    handshakes: total(({ handshakes }) => handshakes),
    throughOtherNodes: total(({ throughOtherNodes }) => throughOtherNodes),
    withoutConnectionId: total(({ withoutConnectionId }) => withoutConnectionId),
    bySuite: addCounts(all.map(({ bySuite }) => bySuite)),
    byIdentity: addCounts(all.map(({ byIdentity }) => byIdentity)),
    byCidConfiguration: addCounts(all.map(({ byCidConfiguration }) => byCidConfiguration)),
    upstream: addCounts(all.map(({ upstream }) => upstream)),
  };
}
