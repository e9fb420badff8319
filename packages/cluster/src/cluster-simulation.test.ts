// Simulated clusters of 3 to 20 nodes: loss, duplication, reordering, partition, restart, clash, slowness. The seed is printed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { randomInteger, SeededRandom } from "@coracle/base";
import { freshSeeds, PacketNetwork } from "@coracle/sim";
import type { ManagementMode } from "./mod.ts";
import { SimulatedCluster, type SimulatedClusterOptions } from "./testing/simulated-cluster.ts";

const FRESH = freshSeeds();
const SEEDS = [1, 2, 3, ...FRESH];
const MODES: readonly ManagementMode[] = ["plain", "dtls", "dtls-mac"];

interface Setting {
  readonly seed: number;
  readonly mode: ManagementMode;
  readonly nodes: number;
  readonly lossRate?: number;
  readonly table?: SimulatedClusterOptions["table"];
}

class World {
  readonly network: PacketNetwork;
  readonly cluster: SimulatedCluster;
  readonly random: SeededRandom;
  readonly setting: Setting;

  constructor(setting: Setting) {
    this.setting = setting;
    this.random = new SeededRandom(setting.seed);
    this.network = new PacketNetwork({
      random: this.random,
      lossRate: setting.lossRate ?? 0,
      duplicateRate: 0.02,
      delayMsMin: 0.2,
      delayMsMax: 40,
    });
    this.cluster = new SimulatedCluster({
      seed: setting.seed,
      network: this.network,
      mode: setting.mode,
      nodesExpected: setting.nodes,
      ...(setting.table === undefined ? {} : { table: setting.table }),
    });
  }

  /** Starts all nodes within `spreadMs`, converges, and returns how long it took. */
  form(spreadMs: number, limitMs: number): number {
    const startMs = this.cluster.nowMs;
    for (let id = 0; id < this.setting.nodes; id++) {
      this.cluster.start(id, addressOf(id));
      if (spreadMs > 0) this.cluster.run(this.random.next() * spreadMs);
    }
    this.check(
      this.cluster.runUntil(() => this.cluster.converged(), limitMs),
      "the cluster did not form",
    );
    return this.cluster.nowMs - startMs;
  }

  converge(limitMs: number, what: string): void {
    this.check(
      this.cluster.runUntil(() => this.cluster.converged(), limitMs),
      what,
    );
  }

  check(holds: boolean, what: string): void {
    const { seed, mode, nodes } = this.setting;
    const tables = [...this.cluster.nodes.values()].map(
      (node) => `${node.id}@${node.address} ready=${node.plane.table.ready} knows ${node.members.ids().join(",")}`,
    );
    assert.ok(
      holds,
      `${what}; CORACLE_SIM_SEED=${seed}, ${mode}, ${nodes} nodes, at ${this.cluster.nowMs} ms\n${tables.join("\n")}`,
    );
  }
}

function addressOf(id: number, host = 1): string {
  return `10.0.${host}.${id + 1}:5884`;
}

for (const mode of MODES) {
  for (const nodes of [3, 7, 20]) {
    test(`${nodes} nodes that start at the same moment form a cluster in seconds (${mode})`, () => {
      for (const seed of nodes === 20 ? FRESH : SEEDS) {
        const world = new World({ seed, mode, nodes });
        const tookMs = world.form(0, 5000);
        world.check(tookMs <= (mode === "plain" ? 2500 : 4500), `forming took ${tookMs} ms`);
      }
    });
  }

  test(`nodes that start one after the other, with loss, form a cluster (${mode})`, () => {
    for (const seed of SEEDS) {
      const world = new World({ seed, mode, nodes: randomInteger(new SeededRandom(seed), 3, 20), lossRate: 0.1 });
      world.form(3000, 15_000);
    }
  });

  for (const nodes of [3, 7, 20]) {
    test(`none of ${nodes} nodes expires at 10 % loss (${mode})`, () => {
      for (const seed of nodes === 20 ? FRESH : SEEDS) {
        const world = new World({ seed, mode, nodes, lossRate: 0.1 });
        world.form(0, 15_000);
        world.cluster.run(nodes === 20 ? 60_000 : 120_000);
        world.check(world.cluster.changes("dead").length === 0, "a living node was declared dead");
        world.converge(0, "the table changed");
      }
    });
  }

  test(`a node that dies is dead for all after refresh and expiration, not before (${mode})`, () => {
    for (const seed of SEEDS) {
      const world = new World({ seed, mode, nodes: 5 });
      world.form(0, 5000);
      world.cluster.run(randomInteger(world.random, 0, 8000));
      const diedMs = world.cluster.nowMs;
      world.cluster.stop(addressOf(2));
      world.cluster.run(14_100);
      const deaths = world.cluster.changes("dead", 2);
      world.check(deaths.length === 4, `${deaths.length} of 4 nodes saw the death`);
      for (const { atMs } of deaths)
        world.check(atMs - diedMs > 5500 && atMs - diedMs < 10_100, `after ${atMs - diedMs} ms`);
      world.check(world.cluster.changes("suspect", 2).length === 4, "dead nodes are suspect first");
      world.converge(0, "the others keep each other");
    }
  });

  test(`a node restarted at a new address is reached there, and nowhere else (${mode})`, () => {
    for (const seed of SEEDS) {
      const world = new World({ seed, mode, nodes: randomInteger(new SeededRandom(seed), 3, 9), lossRate: 0.05 });
      world.form(0, 15_000);
      world.cluster.run(20_000);
      world.cluster.stop(addressOf(1));
      world.cluster.start(1, addressOf(1, 2));
      world.converge(12_000, "the moved node was not reached");
      world.cluster.run(60_000);
      world.converge(0, "the new address was lost again");
      for (const node of world.cluster.nodes.values())
        for (const { endpoint } of node.plane.table.nodes())
          world.check(endpoint.address[2] !== 1 || endpoint.address[3] !== 2, "an old address is left");
    }
  });

  test(`a node restarted at its own address, with another node's old address re-used (${mode})`, () => {
    for (const seed of SEEDS) {
      const world = new World({ seed, mode, nodes: 4 });
      world.form(0, 5000);
      world.cluster.stop(addressOf(1), false);
      world.cluster.stop(addressOf(2), false);
      world.cluster.run(randomInteger(world.random, 0, 3000));
      // The two swap addresses, as re-created pods may.
      world.cluster.start(2, addressOf(1));
      world.cluster.start(1, addressOf(2));
      world.converge(30_000, "swapped addresses were not learnt");
      world.cluster.run(30_000);
      world.converge(0, "swapped addresses were lost again");
    }
  });

  test(`a partition splits readiness by quorum and heals (${mode})`, () => {
    for (const seed of SEEDS) {
      const world = new World({ seed, mode, nodes: 5, lossRate: 0.02 });
      world.form(0, 15_000);
      const minority = [addressOf(0), addressOf(1)];
      world.network.partition([minority]);
      world.cluster.run(16_000);
      for (const [address, node] of world.cluster.nodes) {
        const inMinority = minority.includes(address);
        world.check(node.plane.table.ready === !inMinority, `node ${node.id}: readiness against the quorum`);
        world.check(node.members.size === (inMinority ? 1 : 2), `node ${node.id} knows ${node.members.size}`);
      }
      world.network.heal();
      world.converge(25_000, "the partition did not heal");
    }
  });

  test(`a partition shorter than the time to expire kills nobody (${mode})`, () => {
    for (const seed of SEEDS) {
      const world = new World({ seed, mode, nodes: 6 });
      world.form(0, 5000);
      world.network.partition([[addressOf(0)], [addressOf(1), addressOf(2)]]);
      world.cluster.run(5000);
      world.network.heal();
      world.cluster.run(20_000);
      world.check(world.cluster.changes("dead").length === 0, "a short partition killed a node");
    }
  });

  test(`a slow node stays, a node that stood still accuses nobody (${mode})`, () => {
    for (const seed of SEEDS) {
      const world = new World({ seed, mode, nodes: 5 });
      world.form(0, 5000);
      world.network.slow(addressOf(3), 1500);
      world.cluster.run(60_000);
      world.check(world.cluster.changes("dead").length === 0, "a slow node was declared dead");
      world.network.slow(addressOf(3), 0);
      const paused = world.cluster.nodes.get(addressOf(4));
      assert.ok(paused !== undefined);
      paused.pausedUntilMs = world.cluster.nowMs + 25_000;
      world.cluster.run(40_000);
      const accusations = world.cluster.changes("dead").filter(({ by }) => by === 4);
      world.check(accusations.length === 0, "the node that stood still declared others dead");
      world.converge(15_000, "the paused node did not come back");
    }
  });

  test(`two live nodes with one id: the known one stays, the clash is told (${mode})`, () => {
    for (const seed of SEEDS) {
      const world = new World({ seed, mode, nodes: 4 });
      world.form(0, 5000);
      const twin = world.cluster.start(2, addressOf(2, 9));
      world.cluster.run(60_000);
      const clashes = world.cluster.told.filter(({ output }) => output.kind === "clash");
      world.check(clashes.some(({ by }) => by === 0) && clashes.some(({ by }) => by === 2), "nobody told of the clash");
      for (const [address, node] of world.cluster.nodes) {
        if (address === twin.address || node.id === 2) continue;
        const kept = node.members.member(2)?.endpoint.address[2];
        world.check(kept === 1, `node ${node.id} followed the twin to 10.0.${kept}`);
      }
      world.cluster.stop(addressOf(2));
      world.converge(30_000, "the twin was not accepted after the first had gone");
    }
  });
}

test("random faults for minutes, then quiet: every cluster converges", () => {
  for (const seed of [11, 12, 13, 14, ...FRESH]) {
    const mode = MODES[seed % 3] ?? "plain";
    const nodes = randomInteger(new SeededRandom(seed), 3, 20);
    const world = new World({ seed, mode, nodes, lossRate: 0.1 });
    world.form(2000, 20_000);
    const hosts = Array.from({ length: nodes }, () => 1);
    for (let fault = 0; fault < 25; fault++) {
      const id = randomInteger(world.random, 0, nodes - 1);
      const at = (of: number) => addressOf(of, hosts[of]);
      const dice = world.random.next();
      if (dice < 0.4 && world.cluster.nodes.has(at(id))) world.cluster.stop(at(id), world.random.next() < 0.7);
      else if (dice < 0.6) world.network.partition([[at(id)], [at((id + 1) % nodes)]]);
      else if (dice < 0.7) world.network.heal();
      else if (dice < 0.8) world.network.slow(at(id), world.random.next() * 2000);
      else if (dice < 0.9) world.cluster.registry = undefined;
      world.cluster.registry ??= new Set(world.cluster.nodes.keys());
      world.cluster.run(world.random.next() * 9000);
      for (let of = 0; of < nodes; of++) {
        if (world.cluster.nodes.has(at(of)) || world.random.next() < 0.5) continue;
        if (world.random.next() < 0.5) hosts[of] = (hosts[of] ?? 1) + 1;
        world.cluster.start(of, at(of));
      }
    }
    for (let of = 0; of < nodes; of++) {
      if (!world.cluster.nodes.has(addressOf(of, hosts[of]))) world.cluster.start(of, addressOf(of, hosts[of]));
      world.network.slow(addressOf(of, hosts[of]), 0);
    }
    world.cluster.registry = new Set(world.cluster.nodes.keys());
    world.network.heal();
    world.network.lossRate = 0;
    world.converge(60_000, "faults stopped, the cluster did not converge");
  }
});
