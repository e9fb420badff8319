// Three routers as real processes: a device's records land on the wrong node in each management mode, and all are served.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { after, describe, it } from "node:test";
import { eventually } from "@coracle/sim";
import { freeUdpPort, type RouterProcess, startRouter, TEST_KEY, TestFolder } from "./testing/router-process.ts";
import { UdpDevice } from "./testing/udp-device.ts";

const psk = { identity: "device", key: TEST_KEY };
const folder = new TestFolder();
after(() => folder.remove());
const pskFile = folder.write("psk.txt", `device=${Buffer.from(TEST_KEY).toString("base64")}\n`);

interface Nodes {
  readonly nodes: readonly { readonly nodeId: number; readonly liveness: string }[];
  readonly self: { readonly ready: boolean; readonly mode: string };
}

/** Three nodes that list each other; `flags` for all of them. */
async function startCluster(flags: readonly string[], secret: string | undefined): Promise<RouterProcess[]> {
  const ports = [await freeUdpPort(), await freeUdpPort(), await freeUdpPort()];
  const peers = ports.map((port) => `127.0.0.1:${port}`).join(",");
  const env =
    secret === undefined ? {} : { DTLS_CID_MGMT_IDENTITY: "cid-cluster-manager", DTLS_CID_MGMT_SECRET_BASE64: secret };
  return Promise.all(
    ports.map((clusterPort, index) =>
      startRouter(["--psk-file", pskFile, "--peers", peers, "--node-id", String(index + 1), ...flags], {
        env,
        clusterPort,
      }),
    ),
  );
}

async function allReady(routers: readonly RouterProcess[]): Promise<void> {
  const isReady = async ({ http }: RouterProcess): Promise<boolean> => (await fetch(`${http}/readyz`)).status === 200;
  await eventually(async () => (await Promise.all(routers.map(isReady))).every(Boolean), "three ready nodes", 20_000);
}

async function total(routers: readonly RouterProcess[], sample: string): Promise<number> {
  const counts = await Promise.all(routers.map((router) => router.metric(sample)));
  return counts.reduce((sum, each) => sum + each, 0);
}

const modes = [
  { mode: "plain", flags: [], isSecret: false },
  { mode: "plain", flags: ["--no-packet-thread"], isSecret: false },
  { mode: "dtls", flags: ["--cluster-security", "dtls"], isSecret: true },
  { mode: "dtls-mac", flags: [], isSecret: true },
] as const;

for (const { mode, flags, isSecret } of modes) {
  describe(`three routers in mode ${[mode, ...flags].join(" ")}`, () => {
    it("serve every record of devices that move from node to node", async () => {
      const secret = isSecret ? randomBytes(32).toString("base64") : undefined;
      const routers = await startCluster(flags, secret);
      const devices: UdpDevice[] = [];
      try {
        await allReady(routers);
        for (const [index, { port }] of routers.entries()) {
          devices.push(await UdpDevice.connect({ port, psk, cidSizeBytes: index * 2 }));
        }
        let requests = 0;
        for (let round = 0; round < 6; round++) {
          for (const [index, device] of devices.entries()) {
            await device.move(routers[(index + round) % 3]?.port);
            const answer = await device.request("GET", "mycontext");
            assert.match(answer.payload.toString(), new RegExp(`node-id: ${index + 1}\n`), "the owner answers");
            requests++;
          }
        }
        assert.equal(requests, 18);
        assert.equal(
          devices.reduce((sum, { retransmissions }) => sum + retransmissions, 0),
          0,
        );
        const routed = (route: string): Promise<number> =>
          total(routers, `coracle_router_datagrams_total{route="${route}"}`);
        // A packet thread tells its counts a little later.
        const allAnswered = async (): Promise<boolean> => {
          const [forwarded, backwarded] = [await routed("forwarded"), await routed("backwarded")];
          return forwarded >= 12 && backwarded === forwarded;
        };
        await eventually(allAnswered, "at least twelve forwarded, and each answered through the same node");
        const { nodes, self } = (await (routers[0] as RouterProcess).json("/nodes")) as Nodes;
        assert.deepEqual(
          nodes.map(({ nodeId, liveness }) => [nodeId, liveness]),
          [
            [2, "alive"],
            [3, "alive"],
          ],
        );
        assert.equal(self.mode, mode);
        const texts = routers.flatMap(({ log }) => log).join("\n");
        assert.ok(secret === undefined || !texts.includes(secret.slice(0, 8)), "no secret in logs");
      } finally {
        for (const device of devices) device.close();
        await Promise.all(routers.map((router) => router.stop()));
      }
    });
  });
}

describe("a cluster", () => {
  it("answers directly when the node that forwarded has died, and explains where an ID leads", async () => {
    const routers = await startCluster([], undefined);
    const [first, second] = routers;
    assert.ok(first !== undefined && second !== undefined);
    let device: UdpDevice | undefined;
    try {
      await allReady(routers);
      device = await UdpDevice.connect({ port: first.port, psk });
      await device.move(second.port);
      await device.request("GET", "benchmark");
      const cid = Buffer.from(device.summary?.peerCid ?? []).toString("hex");
      const there = (await second.json(`/cid/${cid}`)) as { owner: string; clusterAddress: string };
      assert.deepEqual(there, { ...there, owner: "member", clusterAddress: `127.0.0.1:${first.clusterPort}` });
      await second.stop();
      await device.move(first.port);
      assert.equal((await device.request("GET", "benchmark")).code, "2.05");
    } finally {
      device?.close();
      await Promise.all(routers.map((router) => router.stop()));
    }
  });

  it("keeps its members, answers probes and serves devices while both ports of a node are flooded", async () => {
    const routers = await startCluster([], undefined);
    const [first, second] = routers;
    assert.ok(first !== undefined && second !== undefined);
    const flood = createSocket("udp4");
    let device: UdpDevice | undefined;
    let isFlooding = true;
    try {
      await allReady(routers);
      device = await UdpDevice.connect({ port: first.port, psk });
      const garbage = randomBytes(64);
      // Records with IDs of this node, of another and of nobody, hellos, frames; none is authentic.
      const first12 = [25, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 1];
      const kinds = [[...first12, 1], [...first12, 2], [...first12, 99], [22, 0xfe, 0xfd, 0, 0], [63], [62]];
      let sent = 0;
      const burst = (): void => {
        for (let index = 0; index < 60; index++) {
          const bytes = Buffer.from(garbage);
          bytes.set(kinds[index % kinds.length] ?? []);
          bytes.writeUInt16BE(64 - 19, 17);
          const port = index % 5 === 4 ? (first.clusterPort ?? first.port) : first.port;
          flood.send(bytes, port, "127.0.0.1");
          sent++;
        }
        if (isFlooding) setTimeout(burst, 1);
      };
      burst();
      for (let round = 0; round < 8; round++) {
        await device.move(round % 2 === 0 ? second.port : first.port);
        assert.equal((await device.request("GET", "benchmark")).code, "2.05");
        assert.equal((await fetch(`${first.http}/readyz`)).status, 200);
      }
      isFlooding = false;
      assert.ok(sent > 500, `only ${sent} were sent`);
      assert.equal(await total(routers, 'coracle_cluster_node_table_total{event="expired"}'), 0);
      assert.ok((await first.metric('coracle_dtls_drops_total{cause="dropUnknownCid"}')) > 0);
      assert.equal(await first.metric('coracle_router_held{what="sessions"}'), 1);
      await eventually(
        async () => (await first.metric('coracle_router_drops_total{cause="unknown-node"}')) > 0,
        "counted drops of the packet thread",
      );
    } finally {
      isFlooding = false;
      device?.close();
      await Promise.all(routers.map((router) => router.stop()));
      flood.close();
    }
  });

  it("takes a new list of nodes from its file while it runs", async () => {
    const [one, two] = [await freeUdpPort(), await freeUdpPort()];
    const list = folder.write("peers.txt", `127.0.0.1:${one}\n`);
    const flags = ["--psk-file", pskFile, "--peers-file", list, "--nodes-expected", "2"];
    const first = await startRouter([...flags, "--node-id", "1"], { clusterPort: one });
    const second = await startRouter([...flags, "--node-id", "2"], { clusterPort: two });
    try {
      assert.equal((await fetch(`${first.http}/readyz`)).status, 500);
      folder.write("peers.txt", `127.0.0.1:${one} # the first\n127.0.0.1:${two}\n`);
      await allReady([first, second]);
    } finally {
      await Promise.all([first.stop(), second.stop()]);
    }
  });
});
