// Mixed clusters: our nodes beside models of Californium's plain manager, in every order of start, with loss and restarts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Machine, type Millis, SeededRandom } from "@coracle/base";
import { freshSeeds, PacketNetwork } from "@coracle/sim";
import { formatEndpoint, type ManagementInput, type ManagementOutput, ManagementPlane, nodeId } from "./mod.ts";
import { CaliforniumPeer } from "./testing/californium-peer.ts";
import { endpointOf } from "./testing/simulated-cluster.ts";

type Node = Machine<ManagementInput, ManagementOutput>;
const ADDRESSES = ["10.0.0.1:5884", "10.0.0.2:5884", "10.0.0.3:5884", "10.0.0.4:5884"];
const SEEDS = [1, 2, 3, 4, 5, ...freshSeeds()];

/** Nodes 0 and 2 are Californium's, 1 and 3 ours. */
class MixedWorld {
  readonly random: SeededRandom;
  readonly network: PacketNetwork;
  readonly nodes: Map<string, Node> = new Map();
  readonly dead: string[] = [];
  nowMs = 0;

  constructor(seed: number, lossRate: number) {
    this.random = new SeededRandom(seed);
    this.network = new PacketNetwork({ random: this.random, lossRate, delayMsMin: 0.2, delayMsMax: 20 });
  }

  start(id: number): void {
    const list = ADDRESSES.map(endpointOf);
    const random = new SeededRandom(this.random.uint32());
    const address = ADDRESSES[id] ?? "";
    const ours = (): Node =>
      new ManagementPlane({
        mode: "plain",
        table: {
          nodeId: nodeId(id),
          random,
          discovery: { kind: "static", addresses: list },
          selfAddresses: [endpointOf(address)],
        },
      });
    this.nodes.set(address, id % 2 === 0 ? new CaliforniumPeer(id, list, random) : ours());
    this.#handle(address, { kind: "start" });
  }

  run(durationMs: number): void {
    const endMs = this.nowMs + durationMs;
    for (;;) {
      const dues = [...this.nodes.values()].flatMap((node) => node.nextTimeout() ?? []);
      const nextMs = Math.min(...dues, this.network.nextArrival() ?? endMs + 1);
      if (nextMs > endMs) break;
      this.nowMs = Math.max(this.nowMs, nextMs);
      for (const { from, to, bytes } of this.network.arrivals(this.nowMs))
        this.#handle(to, { kind: "datagram", from: endpointOf(from), bytes });
      for (const [address, node] of this.nodes)
        if ((node.nextTimeout() ?? Number.POSITIVE_INFINITY) <= this.nowMs) this.#handle(address, { kind: "timeout" });
    }
    this.nowMs = endMs;
  }

  /** `node: ready, ids it knows` for all nodes. */
  tables(): string[] {
    return ADDRESSES.flatMap((address) => {
      const node = this.nodes.get(address);
      if (node === undefined) return [];
      if (node instanceof CaliforniumPeer)
        return `${address} ${node.ready} ${[...node.entries.keys()].toSorted((a, b) => a - b).join("")}`;
      assert.ok(node instanceof ManagementPlane);
      const live = node.table.nodes().filter(({ liveness }) => liveness === "alive" || liveness === "suspect");
      return `${address} ${node.table.ready} ${live.map((view) => view.nodeId).join("")}`;
    });
  }

  #handle(address: string, input: ManagementInput): void {
    const node = this.nodes.get(address);
    if (node === undefined) return;
    node.handle(input, this.nowMs as Millis);
    for (let output = node.poll(); output !== undefined; output = node.poll()) {
      if (output.kind === "transmit") this.network.send(address, formatEndpoint(output.to), output.bytes, this.nowMs);
      else if (output.kind === "member" && output.change === "dead")
        this.dead.push(`${address}: ${output.node.nodeId}`);
    }
  }
}

const ALL_KNOWN = ["123", "023", "013", "012"].map((ids, id) => `${ADDRESSES[id]} true ${ids}`);

test("two of Californium's nodes and two of ours know each other and are ready, whoever starts first", () => {
  for (const seed of SEEDS) {
    const world = new MixedWorld(seed, 0);
    for (const id of [0, 1, 2, 3].toSorted(() => world.random.next() - 0.5)) {
      world.start(id);
      world.run(world.random.next() * 3000);
    }
    world.run(14_000);
    assert.deepEqual(world.tables(), ALL_KNOWN, `CORACLE_SIM_SEED=${seed}`);
    world.run(120_000);
    assert.deepEqual([world.tables(), world.dead], [ALL_KNOWN, []], `CORACLE_SIM_SEED=${seed}: later`);
  }
});

test("a mixed cluster keeps together at 5 % loss", () => {
  for (const seed of SEEDS) {
    const world = new MixedWorld(seed, 0.05);
    for (const id of [0, 1, 2, 3]) world.start(id);
    world.run(30_000);
    world.run(120_000);
    assert.deepEqual(world.dead, [], `CORACLE_SIM_SEED=${seed}`);
    assert.deepEqual(world.tables(), ALL_KNOWN, `CORACLE_SIM_SEED=${seed}`);
  }
});

test("a node of either kind that restarts is known again by all", () => {
  for (const seed of SEEDS) {
    for (const id of [0, 1]) {
      const world = new MixedWorld(seed, 0);
      for (const each of [0, 1, 2, 3]) world.start(each);
      world.run(20_000);
      world.nodes.delete(ADDRESSES[id] ?? "");
      world.run(world.random.next() * 30_000);
      world.start(id);
      world.run(14_000);
      assert.deepEqual(world.tables(), ALL_KNOWN, `CORACLE_SIM_SEED=${seed}, node ${id}`);
    }
  }
});
