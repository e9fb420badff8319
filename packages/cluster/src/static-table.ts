// The node table of mode static: who is in the cluster is told, not learnt. Nobody is pinged, so nobody is known to live.
import { assert, type Machine, type Millis } from "@coracle/base";
import { Counters } from "./drop-cause.ts";
import { copyEndpoint, type Endpoint, formatEndpoint } from "./endpoint.ts";
import type { NodeId } from "./node-id.ts";
import { NodeOutbox } from "./node-outbox.ts";
import type { NodeView } from "./node-record.ts";
import {
  type MemberChange,
  NODE_TABLE_COUNTERS,
  type NodeTableCounter,
  type NodeTableInput,
  type NodeTableOutput,
} from "./node-table-io.ts";
import { CLUSTER_TIMERS, type NodeTableOptions } from "./node-table-options.ts";

/** A node of the table, and every address its name stands for now, best first; none while it cannot be looked up. */
export interface StaticNode {
  readonly nodeId: NodeId;
  readonly addresses: readonly Endpoint[];
}

/** Answer to `discover`: the whole table, perhaps with this node in it. `staticProblem` has found nothing wrong with it. */
export interface StaticTableInput {
  readonly kind: "table";
  readonly nodes: readonly StaticNode[];
}

/** What a {@link StaticTable} is made of. */
export type StaticTableOptions = Pick<NodeTableOptions, "nodeId" | "selfAddresses" | "timers">;

/**
 * What is wrong with a table, in words: this node's own id at an address that is not its own, another id at its own, or two nodes at
 * one address. `undefined` if nothing is. This node's own line is no contradiction, so that one file serves all nodes.
 */
export function staticProblem(
  nodes: readonly StaticNode[],
  self: { readonly nodeId: NodeId; readonly selfAddresses: readonly Endpoint[] },
): string | undefined {
  const ownKeys = new Set(self.selfAddresses.map(formatEndpoint));
  const idOfKey = new Map<string, NodeId>();
  for (const { nodeId, addresses } of nodes) {
    const keys = [...new Set(addresses.map(formatEndpoint))];
    if (nodeId === self.nodeId) {
      if (keys.length === 0 || keys.some((key) => ownKeys.has(key))) continue;
      const why = ownKeys.size === 0 ? "nobody said which address is its own" : "that is not its own address";
      return `node ${nodeId} at ${keys.join(", ")} has this node's own id, and ${why}`;
    }
    for (const key of keys) {
      if (ownKeys.has(key)) return `node ${nodeId} is at this node's own address ${key}`;
      const other = idOfKey.get(key);
      if (other !== undefined) return `nodes ${other} and ${nodeId} are both at ${key}`;
      idOfKey.set(key, nodeId);
    }
  }
  return undefined;
}

/**
 * Members are the nodes of the newest table that have an address. It is asked for at the start and every `discoverIntervalMs`, since a
 * name may stand for another address by then; one that cannot be looked up any more leaves its node where it was.
 */
export class StaticTable implements Machine<NodeTableInput | StaticTableInput, NodeTableOutput> {
  readonly counters: Counters<NodeTableCounter> = new Counters(NODE_TABLE_COUNTERS);
  readonly #options: StaticTableOptions;
  readonly #outbox: NodeOutbox = new NodeOutbox();
  readonly #nodes: Map<NodeId, NodeView> = new Map();
  #missing: readonly NodeId[] = [];
  #ready = false;
  #discoverAt: Millis | undefined;

  constructor(options: StaticTableOptions) {
    this.#options = options;
  }

  /** True once there is a table, and while each of its nodes has an address. Whether they live nobody knows. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Nodes of the table without an address. */
  get missing(): readonly NodeId[] {
    return this.#missing;
  }

  /** The other nodes, by id. */
  nodes(): NodeView[] {
    return [...this.#nodes.values()].sort((a, b) => a.nodeId - b.nodeId);
  }

  /** Nodes that are forwarded to. */
  get members(): number {
    return this.#nodes.size;
  }

  /** True for the text of an address that is a member's. */
  knows(key: string): boolean {
    return this.nodes().some(({ endpoint }) => formatEndpoint(endpoint) === key);
  }

  handle(input: NodeTableInput | StaticTableInput, now: Millis): void {
    const { discoverIntervalMs, tickIntervalMs } = { ...CLUSTER_TIMERS, ...this.#options.timers };
    if (input.kind === "start") this.#discoverAt = now;
    else if (input.kind === "table") this.#replace(input.nodes, now);
    else if (input.kind === "discovery-failed") {
      this.counters.add("discovery-failed");
      this.#discoverAt = Math.min(this.#discoverAt ?? now, now + tickIntervalMs) as Millis;
    }
    // Nothing else means anything here: there are no messages, and the platform does not decide who is in the table.
    if (this.#discoverAt === undefined || this.#discoverAt > now) return;
    this.#discoverAt = (now + discoverIntervalMs) as Millis;
    this.counters.add("discovery");
    this.#outbox.push({ kind: "discover" });
  }

  poll(): NodeTableOutput | undefined {
    return this.#outbox.shift();
  }

  nextTimeout(): Millis | undefined {
    return this.#discoverAt;
  }

  #replace(table: readonly StaticNode[], now: Millis): void {
    const { nodeId, selfAddresses = [] } = this.#options;
    const problem = staticProblem(table, { nodeId, selfAddresses });
    assert(problem === undefined, `Cannot take a table of nodes: ${problem}`);
    const others = new Map(table.filter((node) => node.nodeId !== nodeId).map((node) => [node.nodeId, node]));
    const taken = new Set([...others.values()].flatMap(({ addresses }) => addresses.map(formatEndpoint)));
    // First who goes: another may have its address from now on, also that of a node whose name says nothing any more.
    for (const node of this.#nodes.values()) {
      const line = others.get(node.nodeId);
      const isTaken = line?.addresses.length === 0 && taken.has(formatEndpoint(node.endpoint));
      if (line === undefined || isTaken) this.#remove(node);
    }
    for (const node of others.values()) this.#place(node, now);
    this.#missing = [...others.keys()].filter((id) => !this.#nodes.has(id));
    const isReady = this.#missing.length === 0;
    if (isReady === this.#ready) return;
    this.#ready = isReady;
    this.#outbox.push({ kind: "ready", ready: isReady });
  }

  #remove(node: NodeView): void {
    this.#nodes.delete(node.nodeId);
    this.counters.add("left");
    this.#tell("left", { ...node, liveness: "left" });
  }

  /** A name that stands for several addresses stays at the one it has: their order says nothing. */
  #place({ nodeId, addresses }: StaticNode, now: Millis): void {
    const former = this.#nodes.get(nodeId);
    const [first] = addresses;
    if (first === undefined) return;
    const formerKey = former && formatEndpoint(former.endpoint);
    if (former !== undefined && addresses.some((each) => formatEndpoint(each) === formerKey)) return;
    const node: NodeView = {
      nodeId,
      endpoint: copyEndpoint(first),
      liveness: "unknown",
      state: undefined,
      incarnation: (former?.incarnation ?? 0) + 1,
      lastSeen: now,
      rttMs: undefined,
    };
    this.#nodes.set(nodeId, node);
    if (former !== undefined) this.counters.add("moved");
    this.#tell(former === undefined ? "joined" : "moved", node);
  }

  #tell(change: MemberChange, node: NodeView): void {
    this.#outbox.push({ kind: "member", change, node });
  }
}
