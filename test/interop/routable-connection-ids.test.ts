// Clients of others behind a balancer, in front of two of our routers whose connection IDs hide the node: they move, and keys rotate.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { eventually } from "@coracle/sim";
import {
  freeUdpPort,
  type RouterProcess,
  startRouter,
  TestFolder,
} from "../../packages/dtls-router/src/testing/router-process.ts";
import { answerText, getRequest } from "./coap.ts";
import { IDENTITY, type InteropCredentials, makeCredentials } from "./credentials.ts";
import type { LinePeer } from "./line-log.ts";
import { LineProgram } from "./line-program.ts";
import { interopPeerReady, pionCommand } from "./peers.ts";
import { Relay } from "./relay.ts";
import { ScandiumHost } from "./scandium-host.ts";

const CID_RECORD = 25;
const CID_AT = 11;
const CID_SIZE = 6;
const KEYS = [1, 2].map((id) => ({ id, key: randomBytes(16).toString("hex") }));

const keyFile = (active: number): string => JSON.stringify({ active, configurations: KEYS });

async function get(client: LinePeer, path: string): Promise<string> {
  const [, hex = ""] = await client.ask(`send ${getRequest(path)}`, /^data (\S+)/);
  return answerText(hex);
}

/** IDs that clients sent. */
function sentIds(relay: Relay): Set<string> {
  const records = relay.upward.filter(([type]) => type === CID_RECORD);
  return new Set(records.map((bytes) => Buffer.from(bytes.subarray(CID_AT, CID_AT + CID_SIZE)).toString("hex")));
}

/** Two routers of one cluster and a relay in front of them. */
class Cluster {
  readonly routers: RouterProcess[] = [];
  readonly folder: TestFolder = new TestFolder();
  relay: Relay | undefined;

  async start(pskFile: string): Promise<void> {
    const keys = this.folder.write("cids.json", keyFile(1));
    const ports = [await freeUdpPort(), await freeUdpPort()];
    const peers = ports.map((port) => `127.0.0.1:${port}`).join(",");
    const layout = ["--cid-layout", "quic-lb-encrypted", "--cid-key-file", keys];
    for (const [index, clusterPort] of ports.entries()) {
      const own = ["--psk-file", pskFile, "--peers", peers, "--node-id", String(index + 1), "--workers", "2"];
      this.routers.push(await startRouter([...own, ...layout], { clusterPort }));
    }
    const isReady = async ({ http }: RouterProcess): Promise<boolean> => (await fetch(`${http}/readyz`)).status === 200;
    await eventually(
      async () => (await Promise.all(this.routers.map(isReady))).every(Boolean),
      "two ready nodes",
      20_000,
    );
    this.relay = await Relay.open(this.routers[0]?.port ?? 0);
  }

  /** Another key makes new IDs. */
  async rotateTo(active: number): Promise<void> {
    this.folder.write("cids.json", keyFile(active));
    const sample = `coracle_router_cid_configuration{configuration="${active}"}`;
    await eventually(
      async () =>
        (await Promise.all(this.routers.map((router) => router.metric(sample)))).every((value) => value === 1),
      `configuration ${active} in use`,
      20_000,
    );
  }

  async stop(): Promise<void> {
    this.relay?.close();
    await Promise.all(this.routers.map((router) => router.stop()));
    this.folder.remove();
  }
}

/** A client that connects to a port with a connection ID. */
type Connect = (port: number, credentials: InteropCredentials) => Promise<LinePeer>;

function describeClients(name: string, connect: Connect): void {
  describe(`${name} in front of two routers whose connection IDs are encrypted`, () => {
    const cluster = new Cluster();
    let credentials: InteropCredentials;
    before(async () => {
      credentials = await makeCredentials();
      await cluster.start(credentials.pskFile);
    });
    after(async () => {
      await cluster.stop();
      credentials?.remove();
    });

    it("keep their sessions from node to node while keys rotate", async () => {
      const { relay, routers } = cluster;
      const [first, second] = routers;
      assert.ok(relay !== undefined && first !== undefined && second !== undefined);
      const clients = [await connect(relay.port, credentials), await connect(relay.port, credentials)];
      for (const active of [1, 2, 1]) {
        await cluster.rotateTo(active);
        for (const port of [second.port, first.port]) {
          await relay.rebind(port);
          for (const client of clients) assert.match(await get(client, "mycontext"), /^node-id: 1$/m);
        }
      }
      await cluster.rotateTo(2);
      const later = await connect(relay.port, credentials);
      await relay.rebind(second.port);
      for (const client of [...clients, later]) assert.match(await get(client, "mycontext"), /^node-id: 1$/m);
      const ids = [...sentIds(relay)];
      assert.equal(ids.length, 3, "a session has one ID");
      const configurations: number[] = [];
      for (const id of ids) {
        const { owner, nodeId, configuration } = (await second.json(`/cid/${id}`)) as Record<string, unknown>;
        assert.deepEqual([owner, nodeId], ["member", 1]);
        configurations.push(Number(configuration));
      }
      assert.deepEqual(
        configurations.toSorted((a, b) => a - b),
        [1, 1, 2],
      );
      const unknown = 'coracle_router_drops_total{cause="unknown-cid-config"}';
      for (const router of routers) assert.equal(await router.metric(unknown), 0);
    });
  });
}

if (interopPeerReady("pion", "pion/dtls in front of routers with encrypted connection IDs")) {
  const programs: LineProgram[] = [];
  after(() => Promise.all(programs.map((program) => program.stop())));
  describeClients("clients of pion/dtls", async (port, { keyHex }) => {
    const flags = { server: `127.0.0.1:${port}`, identity: IDENTITY, key: keyHex, cid: 0, suite: "c0a8" };
    const program = new LineProgram(pionCommand("client", flags));
    programs.push(program);
    await program.see(/^ready (\d+)$/);
    return program;
  });
}

if (interopPeerReady("scandium", "Scandium in front of routers with encrypted connection IDs")) {
  let machine: ScandiumHost | undefined;
  after(() => machine?.stop());
  describeClients("clients of Scandium", async (port, { keyHex }) => {
    machine ??= await ScandiumHost.start();
    const flags = { server: `127.0.0.1:${port}`, identity: IDENTITY, key: keyHex, cid: 4 };
    const client = await machine.run("client", flags);
    // It connects with its first message.
    await get(client, "myip");
    return client;
  });
}
