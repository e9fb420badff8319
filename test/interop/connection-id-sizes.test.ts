// Connection IDs of many sizes with Scandium and pion/dtls on either side: a router's begin with its node id.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { RandomCids } from "@coracle/dtls";
import { type RouterProcess, startRouter } from "../../packages/dtls-router/src/testing/router-process.ts";
import { answerText, getRequest } from "./coap.ts";
import { IDENTITY, type InteropCredentials, makeCredentials } from "./credentials.ts";
import { Device } from "./device.ts";
import type { LinePeer } from "./line-log.ts";
import { LineProgram } from "./line-program.ts";
import { interopPeerReady, pionCommand } from "./peers.ts";
import { Relay } from "./relay.ts";
import { ScandiumHost } from "./scandium-host.ts";

const NODE_ID = 9;
/** What routers ask for: the smallest and the largest that `--cid-size` takes, and one between. */
const ROUTER_SIZES = [5, 9, 20];
const CLIENT_SIZES = [0, 1, 20, 32];

const stacks = (["scandium", "pion"] as const).filter((peer) => interopPeerReady(peer, "connection IDs of many sizes"));

if (stacks.length > 0) {
  let credentials: InteropCredentials;
  let machine: ScandiumHost | undefined;
  const programs: LineProgram[] = [];
  before(async () => {
    credentials = await makeCredentials();
    machine = stacks.includes("scandium") ? await ScandiumHost.start() : undefined;
  });
  after(async () => {
    await Promise.all(programs.map((program) => program.stop()));
    await machine?.stop();
    credentials?.remove();
  });

  async function startPeer(
    peer: "scandium" | "pion",
    role: "client" | "server",
    flags: Readonly<Record<string, string | number>>,
  ): Promise<LinePeer & { readonly port: number }> {
    const psk = { identity: IDENTITY, key: credentials.keyHex };
    if (peer === "scandium") {
      assert.ok(machine !== undefined);
      if (role === "client") return await machine.run("client", { ...flags, ...psk });
      return await machine.run("node", { listen: "127.0.0.1:0", ...flags, ...psk });
    }
    const { node: _, ...others } = flags as Record<string, string | number>;
    const program = new LineProgram(pionCommand(role, { ...others, ...psk, suite: "c0a8" }));
    programs.push(program);
    const [, port = ""] = await program.see(/^ready (\d+)$/);
    return Object.assign(program, { port: Number(port) });
  }

  for (const routerSize of ROUTER_SIZES) {
    describe(`a router with IDs of ${routerSize} bytes`, () => {
      let router: RouterProcess;
      before(async () => {
        const ids = ["--node-id", String(NODE_ID), "--cid-size", String(routerSize)];
        router = await startRouter(["--psk-file", credentials.pskFile, ...ids]);
      });
      after(() => router?.stop());

      for (const peer of stacks) {
        for (const size of CLIENT_SIZES) {
          it(`serves ${peer} with an ID of ${size} bytes of its own, also on a new source port`, async () => {
            const relay = await Relay.open(router.port);
            const client = await startPeer(peer, "client", { server: `127.0.0.1:${relay.port}`, cid: size });
            try {
              const get = async (): Promise<string> =>
                answerText((await client.ask(`send ${getRequest("mycontext")}`, /^data (\S+)/))[1] ?? "");
              const cids = (text: string): (string | undefined)[] =>
                ["read-cid", "write-cid"].map((name) =>
                  new RegExp(`^${name}: ?(.*)$`, "m").exec(text)?.[1]?.toLowerCase(),
                );
              const [readCid = "", writeCid = ""] = cids(await get());
              assert.equal(readCid.length, routerSize * 2);
              assert.equal(Number.parseInt(readCid.slice(0, 2), 16), NODE_ID);
              assert.equal(writeCid.length, size * 2);
              await relay.rebind();
              const moved = await get();
              assert.deepEqual(cids(moved), [readCid, writeCid]);
              assert.match(moved, new RegExp(`^port: ${relay.sourcePorts[0]}$`, "m"));
            } finally {
              await client.stop();
              relay.close();
            }
          });
        }
      }
    });
  }

  describe("our client", () => {
    for (const peer of stacks) {
      for (const serverSize of [6, 20]) {
        for (const size of [1, 20, 64]) {
          it(`with an ID of ${size} bytes is served by ${peer} with one of ${serverSize}, also on a new port`, async () => {
            const server = await startPeer(peer, "server", { cid: serverSize, node: NODE_ID });
            const device = await Device.connect(server.port, { psk: credentials.psk, cids: new RandomCids(size) });
            try {
              assert.equal(device.summary?.ownCid.length, size);
              assert.equal(device.summary.peerCid.length, serverSize);
              if (peer === "scandium") assert.equal(device.summary.peerCid[0], NODE_ID);
              const first = /peer=(\d+)/.exec(await device.ask("hello"))?.[1];
              device.move();
              assert.notEqual(/peer=(\d+)/.exec(await device.ask("hello"))?.[1], first, "the server followed");
            } finally {
              device.close();
              await server.stop();
            }
          });
        }
      }
    }
  });
}
