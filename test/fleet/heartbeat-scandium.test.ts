// A heartbeat in a cluster of two Scandium 3.14.0 nodes, in each mode: they know it, it tells who lives, and who is gone.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually, freeUdpPort } from "@coracle/sim";
import { type InteropCredentials, makeCredentials } from "../interop/credentials.ts";
import { CLUSTER_IDENTITY, CLUSTER_MODES, SECRET_HEX, startScandium, tellPeers } from "../interop/mixed-cluster.ts";
import { interopPeerReady } from "../interop/peers.ts";
import { ScandiumHost } from "../interop/scandium-host.ts";
import { ChildProgram } from "../system/child-program.ts";

const ID = 9;
const FORMED_MS = 30_000;

interface Nodes {
  readonly self: { readonly ready: boolean; readonly mode: string };
  readonly nodes: readonly { readonly nodeId: number; readonly address: string; readonly liveness: string }[];
}

if (interopPeerReady("scandium", "a heartbeat in a cluster with Scandium nodes")) {
  let credentials: InteropCredentials;
  let machine: ScandiumHost;
  before(
    async () => {
      credentials = await makeCredentials();
      machine = await ScandiumHost.start();
    },
    { timeout: 60_000 },
  );
  after(async () => {
    await machine?.stop();
    credentials?.remove();
  });

  for (const mode of CLUSTER_MODES) {
    describe(`a heartbeat among Scandium nodes, mode ${mode}`, { timeout: 120_000 }, () => {
      it("is known by them, and tells that they live and that one is gone", async () => {
        const ports = [await freeUdpPort(), await freeUdpPort(), await freeUdpPort()] as const;
        const [one, two, own] = ports;
        const options = { mode, credentials };
        const scandium = await Promise.all([
          startScandium(machine, { id: 1, clusterPort: one }, options),
          startScandium(machine, { id: 2, clusterPort: two }, options),
        ]);
        const [first, second] = scandium;
        const secret = Buffer.from(SECRET_HEX, "hex").toString("base64");
        const env = { DTLS_CID_MGMT_IDENTITY: CLUSTER_IDENTITY, DTLS_CID_MGMT_SECRET_BASE64: secret };
        const place = ["--node-id", String(ID), "--listen", `127.0.0.1:${own}`, "--http", "127.0.0.1:0"];
        const peers = ["--peers", ports.map((port) => `127.0.0.1:${port}`).join(","), "--cluster-security", mode];
        const heartbeat = ChildProgram.source("heartbeat", [...place, ...peers], mode === "plain" ? {} : env);
        try {
          const [, url = ""] = await heartbeat.see(/"url":"(http:[^"]+)"/);
          await heartbeat.see(/"message":"Ready"/);
          const told = async (): Promise<Nodes> => (await (await fetch(`${url}/nodes`)).json()) as Nodes;
          const liveness = async (): Promise<string> =>
            (await told()).nodes.map((node) => `${node.nodeId} ${node.address} ${node.liveness}`).join(", ");
          tellPeers(first, [two, own]);
          tellPeers(second, [one, own]);
          const all = `1 127.0.0.1:${one} alive, 2 127.0.0.1:${two} alive`;
          await eventually(async () => (await liveness()) === all, "the heartbeat knows both", FORMED_MS);
          for (const node of scandium) {
            await eventually(async () => (await node.nodes()).get(ID) === own, `node ${node.id} knows it`, FORMED_MS);
          }
          const { self } = await told();
          assert.deepEqual([self.ready, self.mode], [true, mode]);
          await second.program.stop();
          const isGone = async (): Promise<boolean> => (await liveness()).includes(`2 127.0.0.1:${two} dead`);
          await eventually(isGone, "it tells that one is gone", FORMED_MS);
          assert.ok((await liveness()).startsWith(`1 127.0.0.1:${one} alive`));
        } finally {
          await heartbeat.end();
          await Promise.all(scandium.map(({ program }) => program.stop()));
        }
      });
    });
  }
}
