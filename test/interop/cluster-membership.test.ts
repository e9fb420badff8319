// Our node and Scandium nodes getting to know each other: who starts, restarts, clashes, odd pings, and a header changed on the way.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { RandomCids } from "@coracle/dtls";
import { eventually } from "@coracle/sim";
import { freeUdpPort } from "../../packages/dtls-router/src/testing/router-process.ts";
import { ClusterWire } from "./cluster-wire.ts";
import { type InteropCredentials, makeCredentials } from "./credentials.ts";
import { Device } from "./device.ts";
import {
  type ClusterMode,
  OUR_ID,
  type OurNode,
  type ScandiumNode,
  startOurs,
  startScandium,
  tellPeers,
} from "./mixed-cluster.ts";
import { interopPeerReady } from "./peers.ts";

const CID_RECORD = 25;
const HEADER_SIZE_BEFORE_CID = 11;
const CID_SIZE = 6;
const FORMED_MS = 30_000;

async function know(ours: OurNode, theirs: ScandiumNode, address?: string): Promise<void> {
  const at = address ?? `127.0.0.1:${theirs.clusterPort}`;
  const both = async (): Promise<boolean> =>
    (await ours.nodes()).get(theirs.id) === at && (await theirs.nodes()).has(OUR_ID);
  await eventually(both, `our node and node ${theirs.id} know each other`, FORMED_MS);
}

if (interopPeerReady("scandium", "our node and Scandium nodes getting to know each other")) {
  let credentials: InteropCredentials;
  const theirs: ScandiumNode[] = [];
  const ours: OurNode[] = [];
  const wires: ClusterWire[] = [];
  before(async () => {
    credentials = await makeCredentials();
  });
  after(() => credentials?.remove());

  async function scandium(id: number, port: number, mode: ClusterMode, ems?: string): Promise<ScandiumNode> {
    const node = await startScandium(id, port, { mode, credentials, ...(ems === undefined ? {} : { ems }) });
    theirs.push(node);
    return node;
  }

  async function our(port: number, listed: readonly number[], mode: ClusterMode): Promise<OurNode> {
    const node = await startOurs(port, listed, { mode, credentials, nodesExpected: 2 });
    ours.push(node);
    return node;
  }

  async function ending(body: () => Promise<void>): Promise<void> {
    try {
      await body();
    } finally {
      for (const wire of wires.splice(0)) wire.close();
      await Promise.all([
        ...theirs.splice(0).map(({ program }) => program.stop()),
        ...ours.splice(0).map((each) => each.stop()),
      ]);
    }
  }

  describe("the management session with a Scandium node", () => {
    for (const ems of ["ENABLED", "NONE"]) {
      it(`is started by our node when only ours knows the other, extended master secret ${ems}`, () =>
        ending(async () => {
          const [a, b] = [await freeUdpPort(), await freeUdpPort()];
          const other = await scandium(1, a, "dtls-mac", ems);
          await know(await our(b, [a, b], "dtls-mac"), other);
        }));

      it(`is started by the other when ours knows nobody, extended master secret ${ems}`, () =>
        ending(async () => {
          const [a, b] = [await freeUdpPort(), await freeUdpPort()];
          const node = await our(b, [b], "dtls-mac");
          const other = await scandium(1, a, "dtls-mac", ems);
          tellPeers(other, [b]);
          await know(node, other);
        }));
    }

    for (const first of ["ours", "theirs", "both"] as const) {
      it(`comes about when ${first} start first and each knows the other`, () =>
        ending(async () => {
          const [a, b] = [await freeUdpPort(), await freeUdpPort()];
          const startTheirs = async (): Promise<ScandiumNode> => {
            const other = await scandium(1, a, "dtls-mac");
            tellPeers(other, [b]);
            return other;
          };
          const startOur = (): Promise<OurNode> => our(b, [a, b], "dtls-mac");
          if (first === "both") {
            const [node, other] = await Promise.all([startOur(), startTheirs()]);
            await know(node, other);
          } else if (first === "ours") {
            const node = await startOur();
            await know(node, await startTheirs());
          } else {
            const other = await startTheirs();
            await know(await startOur(), other);
          }
        }));
    }
  });

  describe("frames with a cluster MAC between our node and a Scandium node", () => {
    it("carry their IDs, and are refused and counted at both ends when the header was changed", () =>
      ending(async () => {
        const [a, b] = [await freeUdpPort(), await freeUdpPort()];
        const wire = await ClusterWire.open({ ours: b, theirs: a });
        wires.push(wire);
        const other = await scandium(1, a, "dtls-mac");
        const node = await our(b, [wire.theirPort, b], "dtls-mac");
        await know(node, other, `127.0.0.1:${wire.theirPort}`);
        const toTheirs = wire.fromOurs.find((bytes) => bytes[0] === CID_RECORD);
        const lengthAt = HEADER_SIZE_BEFORE_CID + CID_SIZE;
        assert.equal(
          toTheirs?.length,
          lengthAt + 2 + ((toTheirs?.[lengthAt] ?? 0) << 8) + (toTheirs?.[lengthAt + 1] ?? 0),
          "our records carry an ID of the six bytes that the other asked for",
        );
        for (const [owner, through] of [
          [other, node],
          [node, other],
        ] as const) {
          const device = await Device.connect(owner.port, { psk: credentials.psk, cids: new RandomCids(0) });
          try {
            device.move(through.port);
            assert.match(await device.ask("before"), new RegExp(`^node=${owner.id} `));
            wire.tampers = true;
            const asked = device.ask("changed");
            const bad = (): Promise<number> =>
              owner === node
                ? node.router.metric('coracle_router_drops_total{cause="bad-forward"}')
                : other.counter("badForward");
            await eventually(async () => (await bad()) > 0, `node ${owner.id} refuses a changed header`);
            wire.tampers = false;
            assert.match(await asked, new RegExp(`^node=${owner.id} `), "the next try gets through");
          } finally {
            wire.tampers = false;
            device.close();
          }
        }
      }));
  });

  describe("a Scandium node that comes back with its id", () => {
    it("is followed to its new address, and records go there", () =>
      ending(async () => {
        const [a, b, c] = [await freeUdpPort(), await freeUdpPort(), await freeUdpPort()];
        const node = await our(b, [a, b, c], "dtls-mac");
        const before = await scandium(1, a, "dtls-mac");
        tellPeers(before, [b]);
        await know(node, before);
        await before.program.stop();
        const again = await scandium(1, c, "dtls-mac");
        tellPeers(again, [b]);
        await know(node, again);
        const device = await Device.connect(again.port, { psk: credentials.psk, cids: new RandomCids(0) });
        try {
          device.move(node.port);
          assert.match(await device.ask("hello"), /^node=1 /);
        } finally {
          device.close();
        }
      }));

    it("is refused while another with its id lives", () =>
      ending(async () => {
        const [a, b, c] = [await freeUdpPort(), await freeUdpPort(), await freeUdpPort()];
        const node = await our(b, [a, b, c], "dtls-mac");
        const known = await scandium(1, a, "dtls-mac");
        tellPeers(known, [b]);
        await know(node, known);
        tellPeers(await scandium(1, c, "dtls-mac"), [b]);
        const clashes = (): Promise<number> => node.router.metric('coracle_cluster_node_table_total{event="clash"}');
        await eventually(async () => (await clashes()) > 0, "the clash is told");
        assert.equal((await node.nodes()).get(1), `127.0.0.1:${a}`);
      }));
  });

  describe("pings of a Scandium node in mode plain", () => {
    it("are answered with six bytes when padded, not at all when short, and their state is read", () =>
      ending(async () => {
        const [a, b] = [await freeUdpPort(), await freeUdpPort()];
        const other = await scandium(1, a, "plain");
        const node = await our(b, [a, b], "plain");
        await know(node, other);
        const ping = (hex: string): Promise<RegExpExecArray> =>
          other.program.ask(`message 127.0.0.1:${b} ${hex}`, new RegExp(`^management ${b} 3c(.*)$`));
        const shortBefore = await node.router.metric('coracle_cluster_node_table_total{event="short-message"}');
        other.program.tell(`message 127.0.0.1:${b} 3d01000000`);
        const shorts = (): Promise<number> =>
          node.router.metric('coracle_cluster_node_table_total{event="short-message"}');
        await eventually(async () => (await shorts()) === shortBefore + 1, "the short ping is counted");
        for (const state of [0, 1, 2]) {
          const [, answer = ""] = await ping(`3d010000000${state}${"aa".repeat(20)}`);
          assert.match(answer, /^030000000[0-2]$/, "our id and state, and nothing of the padding");
          const { nodes } = (await node.router.json("/nodes")) as { nodes: { nodeId: number; state: number }[] };
          assert.equal(nodes.find(({ nodeId }) => nodeId === 1)?.state, state);
        }
      }));
  });
}
