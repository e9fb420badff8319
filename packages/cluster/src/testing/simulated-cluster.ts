// Whole clusters in one process: management planes on a virtual clock over a given packet network, invariants after each step.
import { assert, ManualClock, type Millis, type Random, SeededRandom } from "@coracle/base";
import { type Endpoint, formatEndpoint, parseEndpoint } from "../endpoint.ts";
import { type ManagementMode, type ManagementOutput, ManagementPlane } from "../management-plane.ts";
import { MemberTable } from "../member-table.ts";
import { nodeId } from "../node-id.ts";
import type { NodeTableOptions } from "../node-table-options.ts";
import type { ProtectedChannel } from "../protected-channel.ts";
import { FakeChannel } from "./fake-channel.ts";

/** The part of a packet network that a cluster uses; addresses are the texts of endpoints. */
export interface Network {
  send(from: string, to: string, bytes: Uint8Array, nowMs: number): void;
  arrivals(nowMs: number): readonly { readonly from: string; readonly to: string; readonly bytes: Uint8Array }[];
  nextArrival(): number | undefined;
}

/** Something a node told, with its time. */
export interface ToldEvent {
  readonly atMs: number;
  readonly by: number;
  readonly output: Exclude<ManagementOutput, { readonly kind: "transmit" | "member-set" | "member-removed" }>;
}

/** One running node. */
export interface SimulatedNode {
  readonly id: number;
  readonly address: string;
  readonly plane: ManagementPlane;
  readonly members: MemberTable;
  /** Deadlines are not served before this time: a process that stands still. */
  pausedUntilMs: number;
}

/** Settings of a {@link SimulatedCluster}. */
export interface SimulatedClusterOptions {
  readonly seed: number;
  readonly network: Network;
  readonly mode: ManagementMode;
  readonly nodesExpected: number;
  readonly table?: Partial<NodeTableOptions>;
  /** Makes the sessions of a node in a secure mode; default a {@link FakeChannel}. */
  readonly makeChannel?: (random: Random) => ProtectedChannel;
}

/** The endpoint of a text that is one. */
export function endpointOf(text: string): Endpoint {
  const parsed = parseEndpoint(text);
  assert(parsed.ok, `Cannot use "${text}" as an endpoint`);
  return parsed.value;
}

/** Nodes, the registry they discover, and the loop that drives them. */
export class SimulatedCluster {
  readonly clock: ManualClock = new ManualClock();
  readonly nodes: Map<string, SimulatedNode> = new Map();
  readonly told: ToldEvent[] = [];
  /** What discovery answers with; `undefined` makes it fail. */
  registry: Set<string> | undefined = new Set();
  readonly #options: SimulatedClusterOptions;
  #started = 0;

  constructor(options: SimulatedClusterOptions) {
    this.#options = options;
  }

  get nowMs(): number {
    return this.clock.now();
  }

  /** Starts a node at an address; with `listed` false discovery does not know it. */
  start(id: number, address: string, listed = true): SimulatedNode {
    const { mode, seed, nodesExpected, table, makeChannel } = this.#options;
    const random = new SeededRandom(seed * 1000 + this.#started++);
    const channel = mode === "plain" ? undefined : (makeChannel?.(random) ?? new FakeChannel(random));
    const plane = new ManagementPlane({
      mode,
      ...(channel === undefined ? {} : { channel }),
      table: {
        nodeId: nodeId(id),
        random,
        discovery: { kind: "dynamic" },
        selfAddresses: [endpointOf(address)],
        nodesExpected,
        ...table,
      },
    });
    const node: SimulatedNode = {
      id,
      address,
      plane,
      members: new MemberTable(seed),
      pausedUntilMs: 0,
    };
    if (listed) this.registry?.add(address);
    this.nodes.set(address, node);
    this.#handle(node, { kind: "start" });
    return node;
  }

  /** Kills the node at an address without a word. */
  stop(address: string, delisted = true): void {
    this.nodes.delete(address);
    if (delisted) this.registry?.delete(address);
  }

  /** Runs all deadlines and arrivals until `nowMs + durationMs`. */
  run(durationMs: number): void {
    const endMs = this.nowMs + durationMs;
    for (let steps = 0; ; steps++) {
      assert(steps < 5_000_000, `Cannot finish a run: ${steps} steps at ${this.nowMs} ms`);
      const nextMs = this.#nextMs();
      if (nextMs > endMs) break;
      this.clock.advance(nextMs - this.nowMs);
      this.#step();
    }
    this.clock.advance(endMs - this.nowMs);
  }

  /** Runs until `done` holds or `limitMs` is over; true if it held. */
  runUntil(done: () => boolean, limitMs: number): boolean {
    const endMs = this.nowMs + limitMs;
    while (this.nowMs < endMs && !done()) this.run(50);
    return done();
  }

  /** True when every node's members are exactly the other nodes at their addresses, and every node is ready. */
  converged(): boolean {
    const running = [...this.nodes.values()];
    return running.every(
      (node) =>
        node.plane.table.ready &&
        node.members.size === running.length - 1 &&
        running.every((other) => {
          const member = node.members.member(other.id);
          return other === node ? member === undefined : member !== undefined && isAt(member.endpoint, other.address);
        }),
    );
  }

  /** Changes told by anyone about node `id`, or about all. */
  changes(change: string, id?: number): ToldEvent[] {
    return this.told.filter(
      ({ output }) =>
        output.kind === "member" && output.change === change && (id === undefined || output.node.nodeId === id),
    );
  }

  #nextMs(): number {
    let nextMs = this.#options.network.nextArrival() ?? Number.POSITIVE_INFINITY;
    for (const { plane, pausedUntilMs } of this.nodes.values())
      nextMs = Math.min(nextMs, Math.max(plane.nextTimeout() ?? Number.POSITIVE_INFINITY, pausedUntilMs));
    return Math.max(nextMs, this.nowMs);
  }

  #step(): void {
    for (const { from, to, bytes } of this.#options.network.arrivals(this.nowMs)) {
      const node = this.nodes.get(to);
      if (node !== undefined && node.pausedUntilMs <= this.nowMs)
        this.#handle(node, { kind: "datagram", from: endpointOf(from), bytes });
    }
    for (const node of this.nodes.values()) {
      if (node.pausedUntilMs > this.nowMs) continue;
      const due = node.plane.nextTimeout();
      if (due !== undefined && due <= this.nowMs) this.#handle(node, { kind: "timeout" });
    }
  }

  #handle(node: SimulatedNode, input: Parameters<ManagementPlane["handle"]>[0]): void {
    const now = this.nowMs as Millis;
    node.plane.handle(input, now);
    let changed = false;
    for (let output = node.plane.poll(); output !== undefined; output = node.plane.poll()) {
      changed ||= output.kind === "member";
      this.#obey(node, output);
    }
    const due = node.plane.nextTimeout();
    assert(due === undefined || due > now, `Cannot go on: node ${node.id} is due again at once, ${due} <= ${now}`);
    if (changed) this.#compare(node);
  }

  /** What the packet path was told and what the table shows are the same. */
  #compare(node: SimulatedNode): void {
    const live = node.plane.table.nodes().filter(({ liveness }) => liveness === "alive" || liveness === "suspect");
    assert(live.length === node.members.size, `Node ${node.id} tells ${node.members.size} of ${live.length} members`);
    for (const view of live) {
      const member = node.members.member(view.nodeId);
      assert(member !== undefined && isAt(member.endpoint, formatEndpoint(view.endpoint)), "Members and table differ");
    }
  }

  #obey(node: SimulatedNode, output: ManagementOutput): void {
    switch (output.kind) {
      case "transmit":
        this.#options.network.send(node.address, formatEndpoint(output.to), output.bytes, this.nowMs);
        return;
      case "member-set":
        return node.members.set(output.nodeId, output.endpoint, output.keys);
      case "member-removed":
        return node.members.remove(output.nodeId);
      case "discover":
        return this.#answerDiscovery(node);
      default:
        this.told.push({ atMs: this.nowMs, by: node.id, output });
    }
  }

  #answerDiscovery(node: SimulatedNode): void {
    const now = this.nowMs as Millis;
    const { registry } = this;
    if (registry === undefined) return node.plane.handle({ kind: "discovery-failed" }, now);
    node.plane.handle({ kind: "discovered", addresses: [...registry].map(endpointOf) }, now);
  }
}

function isAt(endpoint: Endpoint, text: string): boolean {
  return formatEndpoint(endpoint) === text;
}
