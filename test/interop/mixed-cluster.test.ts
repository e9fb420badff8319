// Two Scandium 3.14.0 nodes and ours in one cluster: who knows whom, records forwarded and answers sent back, in each mode.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { RandomCids } from "@coracle/dtls";
import { eventually } from "@coracle/sim";
import { answeringText } from "./answering-text.ts";
import { IDENTITY, type InteropCredentials, makeCredentials } from "./credentials.ts";
import { Device } from "./device.ts";
import { LineProgram } from "./line-program.ts";
import { type ClusterMode, type ClusterOptions, MixedCluster } from "./mixed-cluster.ts";
import { interopPeerReady, javaCommand } from "./peers.ts";
import { Relay } from "./relay.ts";

const MODES: readonly ClusterMode[] = ["plain", "dtls", "dtls-mac"];

/** A device of each node goes through each other node; `answersComeFrom` tells through which port answers must come. */
async function walk(
  cluster: MixedCluster,
  options: ClusterOptions,
  answersComeFrom: "router" | "owner",
): Promise<void> {
  const { credentials, host } = options;
  for (const owner of cluster.nodes) {
    for (const cidSize of [0, 4]) {
      const device = await Device.connect(owner.port, { psk: credentials.psk, cids: new RandomCids(cidSize) }, host);
      try {
        assert.equal(device.summary?.peerCid?.[0], owner.id);
        assert.equal(device.summary.peerCid.length, options.cidSize ?? 6);
        for (const through of cluster.nodes) {
          device.move(through.port);
          assert.match(await device.ask("over"), new RegExp(`^node=${owner.id} `));
          const expected = answersComeFrom === "router" ? through : owner;
          assert.equal(device.answeredFrom, expected.port, `owner ${owner.id} through ${through.id}`);
        }
      } finally {
        device.close();
      }
    }
  }
}

if (interopPeerReady("scandium", "our node in a cluster with Scandium nodes")) {
  let credentials: InteropCredentials;
  before(async () => {
    credentials = await makeCredentials();
  });
  after(() => credentials?.remove());

  for (const mode of MODES) {
    describe(`two Scandium nodes and ours, mode ${mode}`, () => {
      let cluster: MixedCluster;
      before(async () => {
        cluster = await MixedCluster.start({ mode, credentials });
      });
      after(() => cluster?.stop());

      it("list each other", async () => {
        await cluster.formed();
      });

      it("forward both ways, and answer through the node that forwarded", async () => {
        await walk(cluster, { mode, credentials }, "router");
        const [one, two] = cluster.scandium;
        const routed = (route: string): Promise<number> =>
          cluster.ours.router.metric(`coracle_router_datagrams_total{route="${route}"}`);
        // Of two devices each: ours forwards for four, four of its own come through Scandium nodes.
        // A packet thread tells its counts a little later.
        for (const route of ["forwarded", "processed-forward", "sent-backward", "backwarded"]) {
          await eventually(async () => (await routed(route)) >= 4, `ours counts four ${route}`);
        }
        for (const node of [one, two]) {
          assert.ok((await node.counter("forwarded")) >= 4);
          assert.ok((await node.counter("processForwarded")) >= 4);
          assert.ok((await node.counter("sendBackwarded")) >= 4);
          assert.ok((await node.counter("backwarded")) >= 4);
          assert.equal(await node.counter("badForward"), 0);
          assert.equal(await node.counter("badBackward"), 0);
          assert.equal(await node.counter("dropForward"), 0);
          assert.equal(await node.counter("dropBackward"), 0);
        }
      });

      it("serve a Scandium client whose NAT forgets it and whose balancer picks another node", async () => {
        const relay = await Relay.open(cluster.scandium[0].port);
        const client = new LineProgram(
          javaCommand("ScandiumClient", {
            server: `127.0.0.1:${relay.port}`,
            identity: IDENTITY,
            key: credentials.keyHex,
            cid: 4,
          }),
        );
        try {
          await client.see(/^ready /);
          assert.match(await answeringText(client, "first"), /^node=1 /);
          for (const through of [cluster.ours, cluster.scandium[1], cluster.ours, cluster.scandium[0]]) {
            await relay.rebind(through.port);
            assert.match(await answeringText(client, "again"), /^node=1 /);
          }
        } finally {
          await client.stop();
          relay.close();
        }
      });
    });
  }

  describe("a mixed cluster without backward messages", () => {
    for (const mode of ["plain", "dtls-mac"] as const) {
      it(`answers from the owner, mode ${mode}`, async () => {
        const options = { mode, credentials, backward: false };
        const cluster = await MixedCluster.start(options);
        try {
          await walk(cluster, options, "owner");
        } finally {
          await cluster.stop();
        }
      });
    }
  });

  describe("a mixed cluster with devices on IPv6", () => {
    for (const mode of ["plain", "dtls-mac"] as const) {
      it(`carries addresses of 16 bytes, mode ${mode}`, async () => {
        const options = { mode, credentials, host: "::1" };
        const cluster = await MixedCluster.start(options);
        try {
          await walk(cluster, options, "router");
        } finally {
          await cluster.stop();
        }
      });
    }
  });

  describe("a mixed cluster with connection IDs of another size", () => {
    for (const cidSize of [5, 8]) {
      it(`forwards by IDs of ${cidSize} bytes`, async () => {
        const options = { mode: "dtls-mac", credentials, cidSize } as const;
        const cluster = await MixedCluster.start(options);
        try {
          await walk(cluster, options, "router");
        } finally {
          await cluster.stop();
        }
      });
    }
  });
}
