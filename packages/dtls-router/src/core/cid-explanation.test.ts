// What `/cid/<hex>` answers, in every layout: for own, others' and nobody's connection IDs, and for what is none.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SeededRandom } from "@coracle/base";
import { nodeId } from "@coracle/cluster";
import { systemCrypto } from "@coracle/dtls/io";
import { type CidExplanation, type CidFacts, explainCid } from "./cid-explanation.ts";
import { type QuicLbKeys, QuicLbLayout } from "./quic-lb-layout.ts";

const KEY = new Uint8Array(16).fill(0x5a);
const keysOf = (key: Uint8Array | undefined): QuicLbKeys => ({ active: 2, configurations: [{ id: 2, key }] });

function layoutOf(node: number, worker: number, keys: QuicLbKeys): QuicLbLayout {
  return new QuicLbLayout({
    serverIdSizeBytes: 2,
    nonceSizeBytes: 4,
    crypto: systemCrypto,
    nodeId: nodeId(node),
    worker,
    workers: 3,
    keys,
    hashSeed: 1,
  });
}

/** Node 1 with three workers, of which the second has one session; node 2 is a member. */
function facts(layout: QuicLbLayout | undefined, asked: string[] = []): CidFacts {
  return {
    nodeId: 1,
    cidSizeBytes: layout?.sizeBytes ?? 6,
    layout,
    workers: 3,
    stage: (cid, worker) => {
      asked.push(`${worker} ${cid}`);
      return Promise.resolve(worker === 1 ? "session" : "unknown");
    },
    clusterAddress: (node) => (node === 2 ? "10.0.0.2:5884" : undefined),
  };
}

async function explained(hex: string, of: CidFacts): Promise<CidExplanation> {
  const result = await explainCid(hex, of);
  return result.ok ? result.value : assert.fail(result.error);
}

describe("an explanation of a connection ID", () => {
  it("reads node and worker in Californium's layout", async () => {
    const asked: string[] = [];
    const here = await explained("0101AABBCCDD", facts(undefined, asked));
    assert.deepEqual([here.owner, here.nodeId, here.worker, here.stage], ["here", 1, 1, "session"]);
    assert.match(here.explanation, /^its first byte is this node's id, and a session here has it$/);
    assert.deepEqual(asked, ["1 0101aabbccdd"]);
    assert.match((await explained("0102aabbccdd", facts(undefined))).explanation, /no session here has it/);
    const nowhere = await explained("0109aabbccdd", facts(undefined, asked));
    assert.deepEqual([nowhere.stage, asked.length], ["unknown", 1], "no such worker is asked");
    const member = await explained("0201aabbccdd", facts(undefined));
    assert.deepEqual([member.owner, member.clusterAddress], ["member", "10.0.0.2:5884"]);
    const gone = await explained("0901aabbccdd", facts(undefined));
    assert.deepEqual([gone.owner, gone.nodeId, gone.configuration], ["nobody", 9, undefined]);
  });

  for (const [name, key] of [
    ["in the clear", undefined],
    ["encrypted", KEY],
  ] as const) {
    it(`reads node, worker and configuration where QUIC-LB has them ${name}`, async () => {
      const random = new SeededRandom(3);
      const reader = layoutOf(1, 0, keysOf(key));
      const idOf = (node: number, worker: number, keys = keysOf(key)): string =>
        Buffer.from(layoutOf(node, worker, keys).generator.generate(random)).toString("hex");
      const asked: string[] = [];
      const own = idOf(1, 1);
      const here = await explained(own, facts(reader, asked));
      assert.deepEqual([here.owner, here.nodeId, here.worker, here.stage], ["here", 1, 1, "session"]);
      assert.deepEqual([here.configuration, asked], [2, [`1 ${own}`]]);
      assert.match(here.explanation, /^its server id by configuration 2 is this node's id/);
      const member = await explained(idOf(2, 2), facts(reader));
      assert.deepEqual([member.owner, member.nodeId, member.worker], ["member", 2, undefined]);
      assert.match(member.explanation, /by configuration 2 names node 2: records with it are forwarded/);
      const gone = await explained(idOf(9, 0), facts(reader));
      assert.deepEqual([gone.owner, gone.nodeId], ["nobody", 9]);
      const other = await explained(`1${own.slice(1)}`, facts(reader));
      assert.deepEqual([other.owner, other.nodeId, other.configuration], ["nobody", undefined, 0]);
      assert.match(other.explanation, /of no configuration here/);
      const invented = `46ff${"00".repeat(5)}`;
      if (key === undefined) {
        const nobody = await explained(invented, facts(reader));
        assert.deepEqual([nobody.owner, nobody.nodeId, nobody.configuration], ["nobody", undefined, 2]);
        assert.match(nobody.explanation, /is no node's/);
      }
      // Another node's key: hardly any decrypts to a node of two bytes.
      const foreign = await explained(idOf(1, 1, keysOf(new Uint8Array(16))), facts(layoutOf(1, 0, keysOf(KEY))));
      assert.deepEqual([foreign.owner, foreign.nodeId], ["nobody", undefined]);
    });
  }

  it("refuses what is no ID of the cluster", async () => {
    const errors = await Promise.all(
      ["", "0g", "012", "0101aabbcc", "0101aabbccddee"].map(async (hex) => {
        const result = await explainCid(hex, facts(undefined));
        return result.ok ? "accepted" : result.error;
      }),
    );
    assert.deepEqual(errors, [
      "it is not hexadecimal",
      "it is not hexadecimal",
      "it is not hexadecimal",
      "IDs of this cluster have 6 bytes, this one has 5",
      "IDs of this cluster have 6 bytes, this one has 7",
    ]);
  });
});
