// A device whose router is gone by the time that it answers: the network refuses what it sends, and that is no failure of the device.
import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { it } from "node:test";
import { eventually } from "@coracle/sim";
import { startRouter, TEST_KEY, TestFolder } from "./router-process.ts";
import { UdpDevice } from "./udp-device.ts";

async function bound(): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
}

it("answers a goodbye to a port that is closed by then, is refused, and can still move and close", async () => {
  const folder = new TestFolder();
  const key = Buffer.from(TEST_KEY).toString("base64");
  const router = await startRouter(["--psk-file", folder.write("psk.txt", `device=${key}\n`)]);
  const [front, back] = [await bound(), await bound()];
  let devicePort = 0;
  let device: UdpDevice | undefined;
  front.on("message", (bytes, { port }) => {
    devicePort = port;
    back.send(bytes, router.port, "127.0.0.1");
  });
  back.on("message", (bytes) => back.send(bytes, devicePort, "127.0.0.1"));
  try {
    device = await UdpDevice.connect({ port: front.address().port, psk: { identity: "device", key: TEST_KEY } });
    // From here on nobody listens where the device sends.
    front.close();
    await once(front, "close");
    assert.equal(await router.stop(), 0);
    await eventually(() => device?.closed === true, "the router's goodbye");
    await device.move();
  } finally {
    device?.close();
    back.close();
    await router.stop();
    folder.remove();
  }
});
