// A router one of whose workers breaks or hangs: the others tell their devices and the process ends at once, or it asks to be ended.
import assert from "node:assert/strict";
import { after, it } from "node:test";
import { eventually } from "@coracle/sim";
import { type RouterProcess, startRouter, TEST_KEY, TestFolder } from "./testing/router-process.ts";
import { UdpDevice } from "./testing/udp-device.ts";

const MAIN = new URL("./testing/breaking-router.ts", import.meta.url).pathname;
const psk = { identity: "device", key: TEST_KEY };
const folder = new TestFolder();
after(() => folder.remove());
const pskFile = folder.write("psk.txt", `device=${Buffer.from(TEST_KEY).toString("base64")}\n`);
const DEVICES = 9;

/** The worker that has the device's session. */
async function workerOf(router: RouterProcess, device: UdpDevice): Promise<number> {
  const cid = Buffer.from(device.summary?.peerCid ?? []).toString("hex");
  return ((await router.json(`/cid/${cid}`)) as { worker: number }).worker;
}

it(
  "a broken worker ends the process with 1 and the reason, and the other workers' devices are told",
  { timeout: 60_000 },
  async () => {
    // Balancers do not have to notice: this node has no service worth going on with.
    const router = await startRouter(["--psk-file", pskFile, "--workers", "3", "--shutdown-delay", "10m"], {
      main: MAIN,
    });
    const devices: UdpDevice[] = [];
    const exited = new Promise<number | null>((resolve) => {
      // Not "exit": its last lines may still be on their way then.
      router.child.once("close", resolve);
    });
    try {
      const workers = new Map<UdpDevice, number>();
      for (let index = 0; index < DEVICES; index++) {
        const device = await UdpDevice.connect({ port: router.port, psk });
        devices.push(device);
        workers.set(device, await workerOf(router, device));
      }
      const [first] = devices;
      assert.ok(first !== undefined);
      const broken = workers.get(first);
      const told = devices.filter((device) => workers.get(device) !== broken);
      assert.ok(told.length > 0, "devices are spread");
      // What has no connection ID goes to the worker of the sender's address, which is where the sender's session is.
      first.prefix = new TextEncoder().encode("break");
      first.send(Uint8Array.of(1));
      assert.equal(await exited, 1);
      await eventually(() => told.every(({ closed }) => closed), "a close_notify for the devices of the other workers");
      assert.deepEqual(
        devices.filter(({ closed }) => closed),
        told,
      );
      const lines = router.log.map((line) => JSON.parse(line) as Record<string, unknown>);
      assert.equal(lines.find(({ message }) => message === "Devices told")?.["sessions"], told.length);
      assert.equal(lines.find(({ event }) => event === "ShutdownInitiated")?.["shutdownDelayMs"], 0);
      const { level, message, reason, exitCode } = lines.at(-1) ?? {};
      assert.deepEqual([level, message, exitCode], ["error", "Ended by a failure", 1]);
      assert.match(String(reason), /^a worker has ended: .*asked to break/);
    } finally {
      for (const device of devices) device.close();
      await router.stop();
    }
  },
);

it(
  "a worker that hangs turns /livez red, while the others and the main thread go on",
  { timeout: 120_000 },
  async () => {
    const router = await startRouter(["--psk-file", pskFile, "--workers", "2"], { main: MAIN });
    const devices: UdpDevice[] = [];
    try {
      const livez = async (): Promise<number> => (await fetch(`${router.http}/livez`)).status;
      assert.equal(await livez(), 200);
      for (let index = 0; index < DEVICES; index++) devices.push(await UdpDevice.connect({ port: router.port, psk }));
      const homes = await Promise.all(devices.map((device) => workerOf(router, device)));
      const [first] = devices;
      const other = devices.find((_, index) => homes[index] !== homes[0]);
      assert.ok(first !== undefined && other !== undefined, "devices are spread");
      first.prefix = new TextEncoder().encode("hang!");
      first.send(Uint8Array.of(1));
      await eventually(async () => (await livez()) === 500, "a red /livez", 30_000);
      assert.equal((await other.request("GET", "benchmark")).code, "2.05");
      assert.match(await (await fetch(`${router.http}/livez?verbose`)).text(), /\[-\]workers/);
    } finally {
      for (const device of devices) device.close();
      await router.stop();
    }
  },
);
