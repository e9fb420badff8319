// Our node and Scandium nodes getting to know each other, in each mode: start orders, glare, restarts, clashes, odd pings.
// Names begin with the lines of the interop list in `test/README.md`.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { RandomCids } from "@coracle/dtls";
import { eventually, freeUdpPort } from "@coracle/sim";
import { ClusterBench, orderedWire, untilKnown } from "./cluster-pair.ts";
import { type InteropCredentials, makeCredentials } from "./credentials.ts";
import { Device } from "./device.ts";
import { CLUSTER_MODES, type ClusterMode, type OurNode, type ScandiumNode, tellPeers } from "./mixed-cluster.ts";
import { interopPeerReady } from "./peers.ts";
import { ScandiumHost } from "./scandium-host.ts";

const [HANDSHAKE, CLIENT_HELLO, MESSAGE_TYPE_AT] = [22, 1, 13] as const;

const isClientHello = (bytes: Uint8Array): boolean => bytes[0] === HANDSHAKE && bytes[MESSAGE_TYPE_AT] === CLIENT_HELLO;

/** A count of our node table, by its event. */
const tableCount = (node: OurNode, event: string): Promise<number> =>
  node.router.metric(`coracle_cluster_node_table_total{event="${event}"}`);

/** A device of `owner` is answered by it through `through`. */
async function assertServed(
  credentials: InteropCredentials,
  owner: ScandiumNode | OurNode,
  through: ScandiumNode | OurNode,
): Promise<void> {
  const device = await Device.connect(owner.port, { psk: credentials.psk, cids: new RandomCids(0) });
  try {
    device.move(through.port);
    assert.match(await device.ask("hello"), new RegExp(`^node=${owner.id} `));
  } finally {
    device.close();
  }
}

if (interopPeerReady("scandium", "our node and Scandium nodes getting to know each other")) {
  let credentials: InteropCredentials;
  let machine: ScandiumHost;
  before(async () => {
    credentials = await makeCredentials();
    machine = await ScandiumHost.start();
  });
  after(async () => {
    await machine?.stop();
    credentials?.remove();
  });

  async function withBench(mode: ClusterMode, body: (bench: ClusterBench) => Promise<void>): Promise<void> {
    const bench = new ClusterBench(machine, credentials, mode);
    try {
      await body(bench);
    } finally {
      await bench.end();
    }
  }

  for (const mode of CLUSTER_MODES) {
    describe(`our node and a Scandium node, mode ${mode}`, () => {
      for (const first of ["ours", "theirs", "both"] as const) {
        it(`11.5 know each other when ${first} start first`, () =>
          withBench(mode, async (bench) => {
            const [a, b] = [await freeUdpPort(), await freeUdpPort()];
            const startTheirs = async (): Promise<ScandiumNode> => {
              const other = await bench.scandium(1, a);
              tellPeers(other, [b]);
              return other;
            };
            const startOurs = (): Promise<OurNode> => bench.ours(b, [a, b]);
            if (first === "both") {
              const [node, other] = await Promise.all([startOurs(), startTheirs()]);
              await untilKnown(node, other);
            } else if (first === "ours") {
              const node = await startOurs();
              await untilKnown(node, await startTheirs());
            } else {
              const other = await startTheirs();
              await untilKnown(await startOurs(), other);
            }
          }));
      }

      for (const place of ["lower", "higher"] as const) {
        it(`11.5 know each other when both began before either heard the other, ours at the ${place} address`, () =>
          withBench(mode, async (bench) => {
            const { ours, theirs, wire } = await orderedWire(bench, place);
            wire.holds = true;
            const other = await bench.scandium(1, theirs);
            tellPeers(other, [wire.ourPort]);
            const node = await bench.ours(ours, [wire.theirPort, ours]);
            const began = mode === "plain" ? (bytes: Uint8Array) => bytes[0] === 61 : isClientHello;
            const bothBegan = (): boolean => wire.fromOurs.some(began) && wire.fromTheirs.some(began);
            await eventually(bothBegan, "both have begun");
            wire.release();
            await untilKnown(node, other, `127.0.0.1:${wire.theirPort}`);
            await assertServed(credentials, other, node);
            await assertServed(credentials, node, other);
          }));
      }

      it("11.5 follow a node that comes back with its id at a new address, and records go there", () =>
        withBench(mode, async (bench) => {
          const [a, b, c] = [await freeUdpPort(), await freeUdpPort(), await freeUdpPort()];
          const node = await bench.ours(b, [a, b, c]);
          const before = await bench.scandium(1, a);
          tellPeers(before, [b]);
          await untilKnown(node, before);
          await before.program.stop();
          const again = await bench.scandium(1, c);
          tellPeers(again, [b]);
          await untilKnown(node, again);
          await assertServed(credentials, again, node);
        }));

      it("11.5 go on when our node comes back at its address", () =>
        withBench(mode, async (bench) => {
          const [a, b] = [await freeUdpPort(), await freeUdpPort()];
          const other = await bench.scandium(1, a);
          tellPeers(other, [b]);
          const before = await bench.ours(b, [a, b]);
          await untilKnown(before, other);
          await before.stop();
          const again = await bench.ours(b, [a, b]);
          await untilKnown(again, other);
          await assertServed(credentials, again, other);
          await assertServed(credentials, other, again);
        }));

      it("11.5 refuse a second node with the id of one that lives", () =>
        withBench(mode, async (bench) => {
          const [a, b, c] = [await freeUdpPort(), await freeUdpPort(), await freeUdpPort()];
          const node = await bench.ours(b, [a, b, c]);
          const known = await bench.scandium(1, a);
          tellPeers(known, [b]);
          await untilKnown(node, known);
          tellPeers(await bench.scandium(1, c), [b]);
          await eventually(async () => (await tableCount(node, "clash")) > 0, "the clash is told");
          assert.equal((await node.nodes()).get(1), `127.0.0.1:${a}`);
        }));

      it("11.6 answer padded pings with six bytes, short ones not at all, and read each state", () =>
        withBench(mode, async (bench) => {
          const [a, b] = [await freeUdpPort(), await freeUdpPort()];
          const other = await bench.scandium(1, a);
          const node = await bench.ours(b, [a, b]);
          await untilKnown(node, other);
          const ping = (hex: string): Promise<RegExpExecArray> =>
            other.program.ask(`message 127.0.0.1:${b} ${hex}`, new RegExp(`^management ${b} 3c(.*)$`));
          const shortBefore = await tableCount(node, "short-message");
          other.program.tell(`message 127.0.0.1:${b} 3d01000000`);
          const isCounted = async (): Promise<boolean> => (await tableCount(node, "short-message")) === shortBefore + 1;
          await eventually(isCounted, "the short ping is counted");
          for (const state of [0, 1, 2]) {
            const [, answer = ""] = await ping(`3d010000000${state}${"aa".repeat(20)}`);
            assert.match(answer, /^030000000[0-2]$/, "our id and state, and nothing of the padding");
            const { nodes } = (await node.router.json("/nodes")) as { nodes: { nodeId: number; state: number }[] };
            assert.equal(nodes.find(({ nodeId }) => nodeId === 1)?.state, state);
          }
          // A state that means nothing is answered, and takes nothing from what was known.
          assert.match((await ping("3d0100000007"))[1] ?? "", /^030000000[0-2]$/);
        }));
    });
  }
}
