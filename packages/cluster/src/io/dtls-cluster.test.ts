// Clusters whose management sessions are real DTLS, on a virtual clock: glare, loss, restarts, a twin; keys fit in the end.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SeededRandom } from "@coracle/base";
import { systemCrypto } from "@coracle/dtls/io";
import { freshSeeds, PacketNetwork } from "@coracle/sim";
import type { NodeTableOptions } from "../node-table-options.ts";
import { SimulatedCluster, type SimulatedNode } from "../testing/simulated-cluster.ts";
import { DtlsChannel } from "./dtls-channel.ts";

const PROBE = new TextEncoder().encode("a header and the edges of a record");
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

const addressOf = (id: number, host = 1): string => `10.0.${host}.${id + 1}:5884`;

/** A cluster with sessions of the given mode over a lossy network. */
class SecureWorld {
  readonly cluster: SimulatedCluster;
  readonly #context: string;

  constructor(
    mode: "dtls" | "dtls-mac",
    nodes: number,
    seed: number,
    { lossRate = 0.05, table }: { lossRate?: number; table?: Partial<NodeTableOptions> } = {},
  ) {
    this.#context = `CORACLE_SIM_SEED=${seed}, ${mode}, ${nodes} nodes`;
    const network = new PacketNetwork({ random: new SeededRandom(seed), lossRate, delayMsMin: 0.2, delayMsMax: 30 });
    const credentials = { identity: encode("nodes"), secret: encode("the secret of the cluster") };
    this.cluster = new SimulatedCluster({
      seed,
      network,
      mode,
      nodesExpected: nodes,
      ...(table === undefined ? {} : { table }),
      makeChannel: (random) => new DtlsChannel({ crypto: systemCrypto, random, credentials, mac: mode === "dtls-mac" }),
    });
    for (let id = 0; id < nodes; id++) this.cluster.start(id, addressOf(id));
    this.converge(15_000, "it did not form");
  }

  converge(limitMs: number, what: string): void {
    this.check(
      this.cluster.runUntil(() => this.cluster.converged(), limitMs),
      what,
    );
  }

  check(holds: boolean, what: string): void {
    assert.ok(holds, `${this.#context}, at ${this.cluster.nowMs} ms: ${what}`);
  }

  /** What each node signs for another, that one verifies. */
  checkKeys(): void {
    const nodes = [...this.cluster.nodes.values()];
    for (const from of nodes)
      for (const to of nodes) if (from !== to) this.check(keysFit(from, to), `keys from ${from.id} to ${to.id}`);
  }
}

function keysFit(from: SimulatedNode, to: SimulatedNode): boolean {
  const [sending, receiving] = [from.members.member(to.id)?.keys, to.members.member(from.id)?.keys];
  if (sending === undefined || receiving === undefined) return false;
  return Buffer.compare(sending.sign(PROBE), receiving.verify(PROBE)) === 0;
}

for (const nodes of [3, 8, 20]) {
  describe(`${nodes} nodes with sessions over DTLS`, () => {
    it("start at the same moment, are one cluster in seconds, and every pair has keys of one session", () => {
      for (const seed of nodes === 20 ? freshSeeds() : [1, 2, ...freshSeeds()]) {
        const world = new SecureWorld("dtls-mac", nodes, seed);
        world.cluster.run(5000);
        world.converge(0, "it fell apart");
        world.checkKeys();
      }
    });
  });
}

describe("a cluster with sessions over DTLS", () => {
  it("takes back a node that restarts at its address, and one that restarts elsewhere", () => {
    for (const seed of [1, ...freshSeeds()]) {
      const world = new SecureWorld("dtls-mac", 5, seed);
      world.cluster.stop(addressOf(1), false);
      world.cluster.start(1, addressOf(1));
      world.cluster.stop(addressOf(2));
      world.cluster.start(2, addressOf(2, 2));
      world.cluster.run(5000);
      world.converge(30_000, "the restarted nodes are not back");
      world.cluster.run(10_000);
      world.converge(0, "the restarted nodes were lost again");
      world.checkKeys();
    }
  });

  it("keeps the node it knows when a second one uses its id", () => {
    for (const seed of [1, ...freshSeeds()]) {
      const world = new SecureWorld("dtls", 4, seed);
      world.cluster.start(2, addressOf(2, 9));
      world.cluster.run(40_000);
      for (const node of world.cluster.nodes.values()) {
        if (node.id === 2) continue;
        world.check(node.members.member(2)?.endpoint.address[2] === 1, `node ${node.id} followed the twin`);
      }
      world.check(
        world.cluster.told.some(({ output }) => output.kind === "clash"),
        "nobody told of the clash",
      );
    }
  });

  it("forms also when no node knows its own address, so that both of a pair would give way", () => {
    for (const seed of [1, ...freshSeeds()]) {
      const world = new SecureWorld("dtls-mac", 6, seed, { table: { selfAddresses: [] } });
      world.cluster.run(5000);
      world.converge(0, "it fell apart");
      world.checkKeys();
    }
  });

  it("loses nobody at the loss of the docs", () => {
    for (const seed of freshSeeds()) {
      const world = new SecureWorld("dtls-mac", 6, seed, { lossRate: 0.1 });
      world.cluster.run(120_000);
      world.check(world.cluster.changes("dead").length === 0, "a living node was declared dead");
      world.converge(0, "the table changed");
    }
  });
});
