// Routers with several workers as real processes: the kernel gives most datagrams to the right one, the others are handed over.
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
/** A ChangeCipherSpec in the clear: the record with the connection ID behind it is not what the kernel sees first. */
const LEADING_RECORD = Uint8Array.of(20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 1);
const DEVICES = 9;

interface CidAnswer {
  readonly owner: string;
  readonly stage: string;
  readonly worker: number;
}

interface Diagnosed {
  readonly workers: number;
  readonly "max-connections": number;
  readonly held: { readonly sessions: number };
  readonly dtls: { readonly handshakesCompleted: number };
}

const routed = (router: RouterProcess, route: string): Promise<number> =>
  router.metric(`coracle_router_datagrams_total{route="${route}"}`);

async function connectAll(port: number, devices: UdpDevice[]): Promise<void> {
  for (let index = 0; index < DEVICES; index++) {
    devices.push(await UdpDevice.connect({ port, psk, cidSizeBytes: index % 2 === 0 ? 0 : 4 }));
  }
}

describe("a router with three workers", () => {
  it("serves devices that move, each at the worker that its ID names", async () => {
    const router = await startRouter(["--psk-file", pskFile, "--workers", "3"]);
    const devices: UdpDevice[] = [];
    try {
      assert.equal(await router.metric('coracle_router_workers{path="native",steered="true",thread="own"}'), 3);
      await connectAll(router.port, devices);
      const before = await routed(router, "handed-over");
      for (let round = 0; round < 4; round++) {
        for (const device of devices) {
          await device.move();
          assert.equal((await device.request("GET", "benchmark")).code, "2.05");
        }
      }
      assert.equal(
        devices.reduce((sum, { retransmissions }) => sum + retransmissions, 0),
        0,
      );
      assert.equal(await routed(router, "handed-over"), before, "the kernel found every worker");
      const workers = new Set<number>();
      for (const { summary } of devices) {
        const cid = Buffer.from(summary?.peerCid ?? []).toString("hex");
        const { owner, stage, worker } = (await router.json(`/cid/${cid}`)) as CidAnswer;
        assert.deepEqual([owner, stage], ["here", "session"]);
        workers.add(worker);
      }
      assert.ok(workers.size > 1, "devices are spread");
      const sessions = (await router.json("/sessions")) as { sessions: number; workers: number };
      assert.deepEqual([sessions.sessions, sessions.workers], [DEVICES, 3]);
      assert.equal(await router.metric('coracle_router_held{what="sessions"}'), DEVICES);
    } finally {
      for (const device of devices) device.close();
      await router.stop();
    }
  });

  it("tells every device the counters of the process, whichever worker it asks", async () => {
    const router = await startRouter(["--psk-file", pskFile, "--workers", "3"]);
    const devices: UdpDevice[] = [];
    try {
      await connectAll(router.port, devices);
      for (const device of devices) {
        let seen: Diagnosed | undefined;
        // Workers tell each other a few times a second.
        await eventually(async () => {
          seen = JSON.parse((await device.request("GET", "diagnose")).payload.toString()) as Diagnosed;
          return seen.held.sessions === DEVICES && seen.dtls.handshakesCompleted === DEVICES;
        }, "the sessions of all workers");
        assert.deepEqual([seen?.workers, seen?.["max-connections"]], [3, 150_000]);
      }
    } finally {
      for (const device of devices) device.close();
      await router.stop();
    }
  });

  it("hands over what the kernel cannot tell, and loses none of it", async () => {
    const router = await startRouter(["--psk-file", pskFile, "--workers", "3"]);
    const devices: UdpDevice[] = [];
    try {
      await connectAll(router.port, devices);
      for (const device of devices) device.prefix = LEADING_RECORD;
      for (let round = 0; round < 4; round++) {
        for (const device of devices) {
          await device.move();
          assert.equal((await device.request("GET", "benchmark")).code, "2.05");
          assert.equal(device.retransmissions, 0);
        }
      }
      assert.ok((await routed(router, "handed-over")) > 0, "the test shows nothing");
      assert.equal(await router.metric('coracle_router_drops_total{cause="other-worker-busy"}'), 0);
    } finally {
      for (const device of devices) device.close();
      assert.equal(await router.stop(), 0);
    }
    const farewell = router.log.find((line) => line.includes("Devices told"));
    assert.match(farewell ?? "nothing", new RegExp(`"sessions":${DEVICES}\\b`));
  });
});

describe("a second router on the ports of one with several workers", () => {
  for (const flag of ["--listen", "--cluster-listen"] as const) {
    it(`does not start, and takes no device from the first (${flag})`, async () => {
      const clusterPort = await freeUdpPort();
      const cluster = ["--peers", `127.0.0.1:${clusterPort}`, "--workers", "2"];
      const first = await startRouter(["--psk-file", pskFile, ...cluster], { clusterPort });
      const devices: UdpDevice[] = [];
      try {
        const [port, other] = flag === "--listen" ? [first.port, await freeUdpPort()] : [0, clusterPort];
        const second = startRouter(["--psk-file", pskFile, ...cluster, "--listen", `127.0.0.1:${port}`], {
          clusterPort: other,
        });
        const taken = flag === "--listen" ? first.port : clusterPort;
        await assert.rejects(
          second,
          new RegExp(`ended with 1: [^]*Cannot bind 127.0.0.1:${taken} .*another process has it`),
        );
        await connectAll(first.port, devices);
        assert.equal(await first.metric('coracle_router_held{what="sessions"}'), DEVICES);
      } finally {
        for (const device of devices) device.close();
        await first.stop();
      }
    });
  }
});

describe("a router whose limit is smaller than its workers are many", () => {
  it("has fewer workers and says so, so that the limit holds for any devices", async () => {
    const limits = ["--sessions-max", "8", "--handshakes-per-second", "100"];
    const router = await startRouter(["--psk-file", pskFile, "--workers", "4", ...limits]);
    const devices: UdpDevice[] = [];
    try {
      // With a part for each of four workers most of these could never connect.
      for (let index = 0; index < 8; index++) devices.push(await UdpDevice.connect({ port: router.port, psk }));
      assert.equal(await router.metric('coracle_router_held{what="sessions"}'), 8);
      assert.equal(await router.metric('coracle_dtls_drops_total{cause="dropSessionsFull"}'), 0);
      assert.equal(((await router.json("/sessions")) as { workers: number }).workers, 1);
      const warning = router.log.find((line) => line.includes("Fewer workers")) ?? "{}";
      const { level, asked, workers, reason } = JSON.parse(warning) as Record<string, unknown>;
      assert.deepEqual([level, asked, workers], ["warning", 4, 1]);
      assert.equal(reason, "each needs a part of --sessions-max of at least 100, and that is 8");
    } finally {
      for (const device of devices) device.close();
      await router.stop();
    }
  });
});

const modes = [
  ["plain", undefined],
  ["dtls-mac", randomBytes(32).toString("base64")],
] as const;

for (const [mode, secret] of modes) {
  describe(`two routers with three workers each, in mode ${mode}`, () => {
    it("forward and answer, whichever workers are concerned", async () => {
      const ports = [await freeUdpPort(), await freeUdpPort()];
      const peers = ports.map((port) => `127.0.0.1:${port}`).join(",");
      const env: Record<string, string> =
        secret === undefined ? {} : { DTLS_CID_MGMT_IDENTITY: "cluster", DTLS_CID_MGMT_SECRET_BASE64: secret };
      const routers = await Promise.all(
        ports.map((clusterPort, index) => {
          const flags = ["--psk-file", pskFile, "--peers", peers, "--node-id", String(index + 1), "--workers", "3"];
          return startRouter(flags, { clusterPort, env });
        }),
      );
      const [first, second] = routers;
      const devices: UdpDevice[] = [];
      assert.ok(first !== undefined && second !== undefined);
      try {
        const isReady = async ({ http }: RouterProcess): Promise<boolean> =>
          (await fetch(`${http}/readyz`)).status === 200;
        await eventually(
          async () => (await Promise.all(routers.map(isReady))).every(Boolean),
          "two ready nodes",
          20_000,
        );
        await connectAll(first.port, devices);
        for (const prefix of [new Uint8Array(0), LEADING_RECORD]) {
          for (let round = 0; round < 3; round++) {
            for (const device of devices) {
              device.prefix = prefix;
              await device.move(second.port);
              const answer = await device.request("GET", "mycontext");
              assert.match(answer.payload.toString(), /node-id: 1\n/);
              assert.equal(device.retransmissions, 0);
            }
          }
        }
        const forwarded = await routed(second, "forwarded");
        // Besides requests the answers to path checks.
        assert.ok(forwarded >= 6 * DEVICES);
        assert.equal(await routed(second, "backwarded"), forwarded);
        assert.equal(await routed(first, "processed-forward"), forwarded);
        assert.ok((await routed(first, "handed-over")) > 0, "frames with a leading record reach any worker");
      } finally {
        for (const device of devices) device.close();
        await Promise.all(routers.map((router) => router.stop()));
      }
    });
  });
}
