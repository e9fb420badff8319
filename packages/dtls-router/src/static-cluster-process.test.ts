// Routers with a fixed table as real processes: served at once, the table from one file for all, what contradicts it refused.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, describe, it } from "node:test";
import { eventually } from "@coracle/sim";
import { freeUdpPort, type RouterProcess, startRouter, TEST_KEY, TestFolder } from "./testing/router-process.ts";
import { UdpDevice } from "./testing/udp-device.ts";

const psk = { identity: "device", key: TEST_KEY };
const folder = new TestFolder();
after(() => folder.remove());
const pskFile = folder.write("psk.txt", `device=${Buffer.from(TEST_KEY).toString("base64")}\n`);
const SECRET = {
  DTLS_CID_MGMT_IDENTITY: "cid-cluster-manager",
  DTLS_CID_MGMT_SECRET_BASE64: randomBytes(32).toString("base64"),
};

function lines(ports: readonly number[]): string {
  return ports.map((port, index) => `${index + 1}=127.0.0.1:${port}\n`).join("");
}

async function start(
  id: number,
  clusterPort: number,
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<RouterProcess> {
  return startRouter(["--psk-file", pskFile, "--node-id", String(id), ...flags], { clusterPort, env });
}

/** What a router that does not start says, and its exit code. */
async function refusal(flags: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const clusterPort = await freeUdpPort();
  const withPort = flags.map((flag) => flag.replaceAll("OWN", `127.0.0.1:${clusterPort}`));
  try {
    const router = await start(1, clusterPort, withPort, env);
    await router.stop();
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
  return "it started";
}

async function nodes(router: RouterProcess): Promise<Record<number, string>> {
  const document = (await router.json("/nodes")) as { nodes: { nodeId: number; address: string }[] };
  return Object.fromEntries(document.nodes.map(({ nodeId, address }) => [nodeId, address]));
}

async function stopAll(routers: readonly RouterProcess[]): Promise<void> {
  await Promise.all(routers.map((router) => router.stop()));
}

for (const more of [[], ["--no-packet-thread"]]) {
  describe(`three routers with one table in a file ${more.join(" ")}`, () => {
    it("serve every record of devices that move from node to node, and never say a word to each other", async () => {
      const ports = [await freeUdpPort(), await freeUdpPort(), await freeUdpPort()];
      const file = folder.write("table.txt", lines(ports));
      const flags = ["--static-peers-file", file, "--cluster-security", "plain", ...more];
      const routers = await Promise.all(ports.map((port, index) => start(index + 1, port, flags, SECRET)));
      const devices: UdpDevice[] = [];
      try {
        for (const router of routers) assert.equal((await fetch(`${router.http}/readyz`)).status, 200);
        for (const { port } of routers) devices.push(await UdpDevice.connect({ port, psk }));
        for (let round = 0; round < 6; round++) {
          for (const [index, device] of devices.entries()) {
            await device.move(routers[(index + round) % 3]?.port);
            const answer = await device.request("GET", "mycontext");
            assert.match(answer.payload.toString(), new RegExp(`node-id: ${index + 1}\n`), "the owner answers");
          }
        }
        assert.ok(devices.every(({ retransmissions }) => retransmissions === 0));
        for (const router of routers) {
          const sent = (event: string): Promise<number> =>
            router.metric(`coracle_cluster_node_table_total{event="${event}"}`);
          assert.deepEqual([await sent("ping-sent"), await sent("pong-sent")], [0, 0]);
          assert.equal(await router.metric('coracle_cluster_management_total{event="management-in-static-mode"}'), 0);
          assert.equal(await router.metric("coracle_cluster_ready"), 1);
        }
      } finally {
        for (const device of devices) device.close();
        await stopAll(routers);
      }
    });
  });
}

describe("a router with a fixed table", () => {
  it("takes a new table from its file while it runs, and keeps the old one if the new cannot be used", async () => {
    const [own, other, later] = [await freeUdpPort(), await freeUdpPort(), await freeUdpPort()];
    const file = folder.write("changing.txt", `2=127.0.0.1:${other}\n`);
    const router = await start(1, own, ["--static-peers-file", file]);
    const became = (expected: Record<number, string>): Promise<void> =>
      eventually(
        async () => JSON.stringify(await nodes(router)) === JSON.stringify(expected),
        `nodes are ${JSON.stringify(expected)}`,
      );
    const refused = (reason: string): Promise<void> =>
      eventually(() => router.log.some((line) => line.includes("refused") && line.includes(reason)), reason);
    try {
      await became({ 2: `127.0.0.1:${other}` });
      folder.write("changing.txt", `2=127.0.0.1:${later} # moved\n7=127.0.0.1:${other}`);
      await became({ 2: `127.0.0.1:${later}`, 7: `127.0.0.1:${other}` });
      for (const [text, reason] of [
        ["", "it is empty"],
        ["2=127.0.0.1:1\n2=127.0.0.1:2", "node 2 is in it twice"],
        [`1=127.0.0.1:${later}`, "has this node's own id"],
        [`9=127.0.0.1:${own}`, "is at this node's own address"],
      ] as const) {
        folder.write("changing.txt", text);
        await refused(reason);
        assert.deepEqual(await nodes(router), { 2: `127.0.0.1:${later}`, 7: `127.0.0.1:${other}` });
      }
      folder.write("changing.txt", `7=127.0.0.1:${other}\n`);
      await became({ 7: `127.0.0.1:${other}` });
    } finally {
      await router.stop();
    }
  });

  it("is not ready while a name of the table has no address, and says whose", async () => {
    const router = await start(1, await freeUdpPort(), ["--static-peers", "2=127.0.0.1:9,3=node-3.invalid:5884"]);
    try {
      const says = async (): Promise<string | null> => {
        const { self } = (await router.json("/nodes")) as { self: { notReady: string | null } };
        return self.notReady;
      };
      const missing = "no address is found for these nodes of the table: 3";
      await eventually(async () => (await says()) === missing, "the missing node is named");
      assert.equal((await fetch(`${router.http}/readyz`)).status, 500);
      assert.deepEqual(await nodes(router), { 2: "127.0.0.1:9" });
    } finally {
      await router.stop();
    }
  });

  it("may listen at a wildcard, as nobody is told its address", async () => {
    const flags = ["--cluster-listen", `0.0.0.0:${await freeUdpPort()}`, "--static-peers", "2=127.0.0.1:9"];
    const router = await startRouter(["--psk-file", pskFile, "--node-id", "1", ...flags]);
    try {
      assert.equal((await fetch(`${router.http}/readyz`)).status, 200);
    } finally {
      await router.stop();
    }
  });

  const REFUSED: readonly (readonly [flags: readonly string[], reason: string])[] = [
    [["--static-peers", "127.0.0.1:9"], '"127.0.0.1:9" is not ID=HOST:PORT'],
    [["--static-peers", "2=127.0.0.1:9,2=127.0.0.1:8"], "node 2 is in it twice"],
    [["--static-peers", "2=127.0.0.1:9,3=127.0.0.1:9"], "nodes 2 and 3 are both at 127.0.0.1:9"],
    [["--static-peers", "1=127.0.0.1:9"], "node 1 at 127.0.0.1:9 has this node's own id"],
    [["--static-peers", "2=OWN"], "node 2 is at this node's own address"],
    [["--static-peers", "2=127.0.0.1:9", "--peers", "127.0.0.1:9"], "--static-peers is in place of --peers"],
    [["--static-peers", "2=127.0.0.1:9", "--static-peers-file", pskFile], "not both"],
    [
      ["--static-peers", "2=127.0.0.1:9", "--cluster-security", "dtls"],
      "--cluster-security dtls needs nodes that ping",
    ],
    [["--static-peers", "2=127.0.0.1:9", "--cluster-security", "dtls-mac"], "--cluster-security dtls-mac needs nodes"],
    [["--static-peers", "2=127.0.0.1:9", "--nodes-expected", "2"], "count nodes that answer pings"],
    [["--static-peers", "2=127.0.0.1:9", "--ready-nodes-min", "1"], "count nodes that answer pings"],
    [["--peers", "2=127.0.0.1:9"], '"2=127.0.0.1:9" is not HOST:PORT'],
    [["--peers", ","], "--peers names no node"],
    [[], "or a table of --static-peers"],
  ];
  it("refuses what contradicts itself, with exit code 2 and words", async () => {
    for (const [flags, reason] of REFUSED) {
      const said = await refusal(flags);
      assert.match(said, /^The router ended with 2: /, flags.join(" "));
      assert.ok(said.includes(reason), `${flags.join(" ")}: ${said}`);
    }
  });

  it("does not let a secret pass for protection", async () => {
    const said = await refusal(["--static-peers", "2=127.0.0.1:9"], SECRET);
    assert.match(said, /^The router ended with 2: .*Cannot protect a cluster with a fixed table/s);
    assert.ok(!said.includes(SECRET.DTLS_CID_MGMT_SECRET_BASE64), "nothing of the secret is shown");
  });
});
