// Two Scandium 3.14.0 nodes and ours in one cluster: who knows whom, records forwarded and answers sent back, in each mode.
// Names begin with the lines of the interop list in `test/README.md`.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually } from "@coracle/sim";
import { answeringText } from "./answering-text.ts";
import { DEVICE_CID_SIZES, walk } from "./cluster-walk.ts";
import { IDENTITY, type InteropCredentials, makeCredentials } from "./credentials.ts";
import { CLUSTER_MODES, type ClusterOptions, MixedCluster } from "./mixed-cluster.ts";
import { interopPeerReady } from "./peers.ts";
import { Relay } from "./relay.ts";
import { ScandiumHost } from "./scandium-host.ts";

/** Of two devices each: ours forwards for four, four of its own come through Scandium nodes. */
async function assertCounted({ ours, scandium }: MixedCluster): Promise<void> {
  const routed = (route: string): Promise<number> =>
    ours.router.metric(`coracle_router_datagrams_total{route="${route}"}`);
  // A packet thread tells its counts a little later.
  for (const route of ["forwarded", "processed-forward", "sent-backward", "backwarded"]) {
    await eventually(async () => (await routed(route)) >= 4, `ours counts four ${route}`);
  }
  for (const node of scandium) {
    for (const name of ["forwarded", "processForwarded", "sendBackwarded", "backwarded"])
      assert.ok((await node.counter(name)) >= 4, name);
    for (const name of ["badForward", "badBackward", "dropForward", "dropBackward"])
      assert.equal(await node.counter(name), 0, name);
  }
}

if (interopPeerReady("scandium", "our node in a cluster with Scandium nodes")) {
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

  /** One walk through a cluster of its own. */
  async function walkOnce(options: ClusterOptions, answersComeFrom: "router" | "owner"): Promise<void> {
    const cluster = await MixedCluster.start(machine, options);
    try {
      await walk(cluster.nodes, options, answersComeFrom);
    } finally {
      await cluster.stop();
    }
  }

  for (const mode of CLUSTER_MODES) {
    describe(`two Scandium nodes and ours, mode ${mode}`, () => {
      let cluster: MixedCluster;
      before(async () => {
        cluster = await MixedCluster.start(machine, { mode, credentials });
      });
      after(() => cluster?.stop());

      async function throughRelay(
        flags: Readonly<Record<string, string | number>>,
        use: (ask: (text: string) => Promise<string>, relay: Relay, peerCid: () => string) => Promise<void>,
      ): Promise<void> {
        const relay = await Relay.open(cluster.scandium[0].port);
        const server = `127.0.0.1:${relay.port}`;
        const client = await machine.run("client", { server, identity: IDENTITY, key: credentials.keyHex, ...flags });
        try {
          const peerCid = (): string => client.lines.at(-1)?.split(" ")[4] ?? "";
          await use((text) => answeringText(client, text), relay, peerCid);
        } finally {
          await client.stop();
          relay.close();
        }
      }

      it("11.1 answer pings and list each other", async () => {
        await cluster.formed();
      });

      it("11.1 forward in both directions, and answer through the node that forwarded", async () => {
        await walk(cluster.nodes, { credentials }, "router");
        await assertCounted(cluster);
      });

      for (const cid of DEVICE_CID_SIZES) {
        it(`11.7 serve a Scandium client with an ID of ${cid} bytes whose NAT forgets it and whose balancer picks another node`, () =>
          throughRelay({ cid }, async (ask, relay, peerCid) => {
            assert.match(await ask("first"), /^node=1 /);
            const before = peerCid();
            for (const through of [cluster.ours, cluster.scandium[1], cluster.ours, cluster.scandium[0]]) {
              await relay.rebind(through.port);
              assert.match(await ask("again"), /^node=1 /);
              assert.equal(peerCid(), before, "it is the same session");
            }
          }));
      }

      it("11.8 serve a client that offers the draft's extension 53 at our node, without an ID", () =>
        throughRelay({ cid: 4, "deprecated-cid": 53 }, async (ask, relay, peerCid) => {
          await relay.rebind(cluster.ours.port);
          assert.match(await ask("hello"), /^node=3 /);
          assert.equal(peerCid(), "-");
        }));
    });

    describe(`other clusters, mode ${mode}`, () => {
      it("11.2 devices on IPv6: addresses of 16 bytes", () => walkOnce({ mode, credentials, host: "::1" }, "router"));

      it("11.7 without backward messages the owner answers", () =>
        walkOnce({ mode, credentials, backward: false }, "owner"));

      for (const cidSize of [5, 8, 20]) {
        it(`11.8 forward by IDs of ${cidSize} bytes, to devices with IDs of 0 and 4`, () =>
          walkOnce({ mode, credentials, cidSize }, "router"));
      }
    });
  }
}
