// The limits of a real router, each reached: sessions and their eviction, handshakes in flight, handshakes a second.
import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { after, describe, it } from "node:test";
import { DtlsClient, RandomCids } from "@coracle/dtls";
import { systemCrypto } from "@coracle/dtls/io";
import { systemClock, systemRandom } from "@coracle/runtime";
import { eventually } from "@coracle/sim";
import {
  type RouterProcess,
  startRouter,
  TEST_KEY,
  TestFolder,
} from "../../packages/dtls-router/src/testing/router-process.ts";
import { UdpDevice } from "../../packages/dtls-router/src/testing/udp-device.ts";

const psk = { identity: "device", key: TEST_KEY };
const folder = new TestFolder();
after(() => folder.remove());

/** One worker, so that a limit is not cut into parts. */
function start(flags: readonly string[]): Promise<RouterProcess> {
  const keys = folder.write("psk.txt", `device=${Buffer.from(TEST_KEY).toString("base64")}\n`);
  return startRouter(["--psk-file", keys, "--workers", "1", ...flags]);
}

const held = (router: RouterProcess, what: string): Promise<number> =>
  router.metric(`coracle_router_held{what="${what}"}`);
const dropped = (router: RouterProcess, cause: string): Promise<number> =>
  router.metric(`coracle_dtls_drops_total{cause="${cause}"}`);

/** Brings its cookie back and then says no more: a handshake that stays in flight. */
async function beginHandshake(port: number): Promise<Socket> {
  const client = new DtlsClient({
    crypto: systemCrypto,
    random: systemRandom,
    psk: { identity: new TextEncoder().encode(psk.identity), key: psk.key },
    cids: new RandomCids(0),
  });
  const socket = createSocket("udp4");
  const send = (): void => {
    for (let output = client.poll(); output !== undefined; output = client.poll()) {
      if (output.kind === "send") socket.send(output.bytes, port, "127.0.0.1");
    }
  };
  socket.once("message", (bytes) => {
    client.handle({ kind: "datagram", peer: "router", bytes: new Uint8Array(bytes) }, systemClock.now());
    send();
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, "127.0.0.1", resolve);
  });
  client.handle({ kind: "connect", peer: "router" }, systemClock.now());
  send();
  return socket;
}

describe("a router's limits", { timeout: 120_000 }, () => {
  it("of sessions hold, and one goes for a new one only when it is full and that one is stale", async () => {
    const router = await start(["--sessions-max", "3", "--stale-after", "6s"]);
    const devices: UdpDevice[] = [];
    let isOver = false;
    try {
      for (let count = 0; count < 3; count++) devices.push(await UdpDevice.connect({ port: router.port, psk }));
      const [first, silent, third] = devices;
      assert.ok(first !== undefined && silent !== undefined && third !== undefined);
      const talking = talk([first, third], () => isOver);
      const fourth = UdpDevice.connect({ port: router.port, psk });
      await eventually(async () => (await dropped(router, "dropSessionsFull")) > 0, "a refusal");
      assert.deepEqual([await held(router, "sessions"), await evicted(router)], [3, 0], "nobody is stale yet");
      devices.push(await fourth);
      assert.deepEqual([await held(router, "sessions"), await evicted(router)], [3, 1]);
      assert.equal((await (await fourth).request("GET", "benchmark")).code, "2.05");
      isOver = true;
      await talking;
      for (const device of [first, third]) assert.equal((await device.request("GET", "benchmark")).code, "2.05");
      silent.send(Uint8Array.of(1));
      await eventually(async () => (await dropped(router, "dropUnknownCid")) > 0, "the silent one has no session");
    } finally {
      isOver = true;
      for (const device of devices) device.close();
      await router.stop();
    }
  });

  it("of handshakes in flight hold, and sessions do not feel it", async () => {
    const router = await start(["--handshakes-max", "4"]);
    const device = await UdpDevice.connect({ port: router.port, psk });
    const sockets: Socket[] = [];
    try {
      for (let count = 0; count < 12; count++) sockets.push(await beginHandshake(router.port));
      await eventually(async () => (await dropped(router, "dropHandshakesFull")) >= 8, "eight refusals");
      assert.equal(await held(router, "handshakes"), 4);
      for (let count = 0; count < 20; count++) assert.equal((await device.request("GET", "benchmark")).code, "2.05");
      assert.equal(device.retransmissions, 0);
    } finally {
      device.close();
      for (const socket of sockets) socket.close();
      await router.stop();
    }
  });

  it("of handshakes a second hold, apart from records, and who is refused gets in later", async () => {
    const router = await start(["--handshakes-per-second", "1"]);
    const first = await UdpDevice.connect({ port: router.port, psk });
    const sockets: Socket[] = [];
    let second: UdpDevice | undefined;
    let isOver = false;
    try {
      const talking = talk([first], () => isOver);
      for (let count = 0; count < 8; count++) sockets.push(await beginHandshake(router.port));
      await eventually(async () => (await dropped(router, "dropHandshakeBudget")) > 0, "a refusal");
      second = await UdpDevice.connect({ port: router.port, psk });
      isOver = true;
      await talking;
      assert.equal((await second.request("GET", "benchmark")).code, "2.05");
      assert.deepEqual([first.retransmissions, await held(router, "sessions")], [0, 2]);
    } finally {
      isOver = true;
      first.close();
      second?.close();
      for (const socket of sockets) socket.close();
      await router.stop();
    }
  });
});

/** Asks from one device after the other. */
async function talk(devices: readonly UdpDevice[], isOver: () => boolean): Promise<void> {
  for (let round = 0; !isOver(); round++) await devices[round % devices.length]?.request("GET", "benchmark");
}

function evicted(router: RouterProcess): Promise<number> {
  return router.metric('coracle_dtls_events_total{event="sessionsEvicted"}');
}
