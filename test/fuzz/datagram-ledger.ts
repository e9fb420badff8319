// Every datagram that a node got, against every counter it has: one route or cause each, and no datagram without a trace.
import assert from "node:assert/strict";
import { DROP_CAUSES, MANAGEMENT_COUNTERS, NODE_TABLE_COUNTERS, ROUTE_COUNTERS } from "@coracle/cluster";
import { CAPS, type FuzzNode } from "./fuzz-cluster.ts";

/** What the router counts of datagrams that came in; the other routes are of records on their way out. */
const ROUTES_IN = ["local", "forwarded", "processed-forward", "backwarded", "management"] as const;
/** Routes that only hand on: whoever gets the datagram counts it too. */
const HANDED_ON: ReadonlySet<string> = new Set(["local", "processed-forward", "management"]);

/** The books of one node. */
export class DatagramLedger {
  /** Datagrams that the node was given on both ports. */
  given = 0;
  readonly #target: FuzzNode;
  readonly #serverNames: readonly string[];

  constructor(target: FuzzNode) {
    this.#target = target;
    this.#serverNames = Object.keys(target.node.server.counters).filter((name) => name !== "datagramsReceived");
  }

  /** Changes with every datagram that somebody counted, whatever became of it. The sessions between nodes cost most to ask. */
  traces(part: "packets" | "packets-and-management"): number {
    const { node, channel } = this.#target;
    const { router, management, server } = node;
    const counters: Readonly<Record<string, number>> = server.counters;
    let sum = 0;
    for (const name of this.#serverNames) sum += counters[name] ?? 0;
    for (const name of DROP_CAUSES) sum += router.drops.get(name);
    for (const name of ROUTE_COUNTERS) if (!HANDED_ON.has(name)) sum += router.counters.get(name);
    if (part === "packets" || management === undefined) return sum;
    for (const name of MANAGEMENT_COUNTERS) sum += management.counters.get(name);
    for (const name of NODE_TABLE_COUNTERS) sum += management.table.counters.get(name);
    const sessions = channel?.counters() ?? {};
    for (const name in sessions) if (name !== "datagramsReceived") sum += sessions[name] ?? 0;
    return sum;
  }

  /** The sums come out, and nothing has outgrown its cap. */
  check(context: string): void {
    const { node, channel } = this.#target;
    const { router, server, management } = node;
    const routed = ROUTES_IN.reduce((sum, name) => sum + router.counters.get(name), 0);
    const dropped = DROP_CAUSES.reduce((sum, name) => sum + router.drops.get(name), 0);
    assert.equal(routed + dropped, this.given, `${context}: each datagram has one route or one cause`);
    const handedToDtls = router.counters.get("local") + router.counters.get("processed-forward");
    assert.equal(server.counters.datagramsReceived, handedToDtls, `${context}: what is handed to DTLS arrives there`);
    const held = {
      sessions: server.sessionCount,
      handshakes: server.handshakeCount,
      flows: router.flows.size,
      nodes: management?.table.nodes().length ?? 0,
      channels: (channel?.sizes.attempts ?? 0) + (channel?.sizes.accepted ?? 0) + (channel?.sizes.handshakes ?? 0),
    };
    for (const [name, count] of Object.entries(held)) {
      assert.ok(count <= CAPS[name as keyof typeof held], `${context}: ${count} ${name}`);
    }
    assert.ok(router.members.size <= 2, `${context}: ${router.members.size} members`);
  }

  /** The causes met so far, by name. */
  causes(): readonly string[] {
    const { node } = this.#target;
    const counts = [
      ...node.router.drops.snapshot(),
      ...Object.entries(node.server.counters).filter(([name]) => name.startsWith("drop")),
    ];
    return counts.flatMap(([name, count]) => (count > 0 ? [name] : []));
  }
}
