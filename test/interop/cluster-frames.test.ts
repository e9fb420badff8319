// Frames between our node and a Scandium node with one bit of the header changed on the way, in both directions and each mode.
// Names begin with the line of the interop list in `test/README.md`.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { RandomCids } from "@coracle/dtls";
import { eventually, freeUdpPort } from "@coracle/sim";
import { ClusterBench, untilKnown } from "./cluster-pair.ts";
import type { ClusterWire, FRAME_TYPES } from "./cluster-wire.ts";
import { type InteropCredentials, makeCredentials } from "./credentials.ts";
import { Device } from "./device.ts";
import { CLUSTER_MODES, type ClusterMode, type OurNode, type ScandiumNode } from "./mixed-cluster.ts";
import { interopPeerReady } from "./peers.ts";
import { ScandiumHost } from "./scandium-host.ts";

type FrameKind = keyof typeof FRAME_TYPES;

/** What Scandium counts as refused for its MAC. */
const SCANDIUM_BAD: Readonly<Record<FrameKind, string>> = { forward: "badForward", backward: "badBackward" };

interface Pair {
  readonly wire: ClusterWire;
  readonly other: ScandiumNode;
  readonly node: OurNode;
}

/**
 * Where a frame changed on the way is noticed. With a MAC at its receiver, which refuses it. Without one nobody can tell, but our
 * node relays nothing to a client that it did not forward for.
 */
function noticed(pair: Pair, mode: ClusterMode, kind: FrameKind, receiver: "ours" | "theirs"): () => Promise<number> {
  const { node, other, wire } = pair;
  const drops = (cause: string): Promise<number> => node.router.metric(`coracle_router_drops_total{cause="${cause}"}`);
  if (mode === "dtls-mac")
    return () => (receiver === "ours" ? drops(`bad-${kind}`) : other.counter(SCANDIUM_BAD[kind]));
  if (kind === "backward" && receiver === "ours") return () => drops("unknown-flow");
  return async () => wire.changedCount;
}

if (interopPeerReady("scandium", "frames changed between our node and a Scandium node")) {
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

  for (const mode of CLUSTER_MODES) {
    describe(`a changed header between our node and a Scandium node, mode ${mode}`, () => {
      let bench: ClusterBench;
      let pair: Pair;
      before(async () => {
        bench = new ClusterBench(machine, credentials, mode);
        const [a, b] = [await freeUdpPort(), await freeUdpPort()];
        const wire = await bench.wire({ ours: b, theirs: a });
        const other = await bench.scandium(1, a);
        const node = await bench.ours(b, [wire.theirPort, b]);
        await untilKnown(node, other, `127.0.0.1:${wire.theirPort}`);
        pair = { wire, other, node };
      });
      after(() => bench?.end());

      for (const receiver of ["theirs", "ours"] as const) {
        for (const kind of ["forward", "backward"] as const) {
          it(`11.4 a changed ${kind} frame at ${receiver}: the answer does not come, the next one does`, async () => {
            const { wire, other, node } = pair;
            // The owner receives forwards and sends backwards.
            const owner = (receiver === "theirs") === (kind === "forward") ? other : node;
            const through = owner === other ? node : other;
            const device = await Device.connect(owner.port, { psk: credentials.psk, cids: new RandomCids(0) });
            try {
              device.move(through.port);
              assert.match(await device.ask("before"), new RegExp(`^node=${owner.id} `));
              const count = noticed(pair, mode, kind, receiver);
              const earlier = await count();
              wire.changes = kind;
              let isAnswered = false;
              const asked = device.ask("changed").then((answer) => {
                isAnswered = true;
                return answer;
              });
              await eventually(
                async () => (await count()) > earlier,
                `a changed ${kind} frame at ${receiver} is noticed`,
              );
              assert.equal(isAnswered, false);
              wire.changes = undefined;
              assert.match(await asked, new RegExp(`^node=${owner.id} `), "the next try gets through");
            } finally {
              wire.changes = undefined;
              device.close();
            }
          });
        }
      }
    });
  }
}
