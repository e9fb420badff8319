// Sockets of devices: what is sent before one is open waits, up to a cap; a device that moves has another port, and no old answers.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openUdpEndpoint, type UdpAddress, type UdpBatch, type UdpEndpoint, udpAddress } from "@coracle/runtime";
import { eventually } from "@coracle/sim";
import { DeviceSockets } from "./device-sockets.ts";

/** A server that remembers from where it heard what. */
async function listen(): Promise<{ endpoint: UdpEndpoint; heard: { port: number; first: number }[] }> {
  const heard: { port: number; first: number }[] = [];
  const onBatch = (batch: UdpBatch): void => {
    for (const { bytes, start, source } of batch.datagrams.slice(0, batch.count))
      heard.push({ port: source.port, first: bytes[start] ?? -1 });
  };
  const { endpoint } = await openUdpEndpoint({ host: "127.0.0.1", port: 0, onBatch });
  return { endpoint, heard };
}

describe("sockets of devices", () => {
  it("open at the first datagram; eight wait until then, and more are counted", async () => {
    const { endpoint, heard } = await listen();
    const target: UdpAddress = udpAddress("127.0.0.1", endpoint.local.port);
    const sockets = new DeviceSockets({ count: 2, target, onDatagram: () => undefined, onError: () => assert.fail() });
    try {
      for (let number = 0; number < 10; number++) sockets.send(0, Uint8Array.of(number));
      sockets.send(1, Uint8Array.of(100));
      await eventually(() => heard.length === 9, "what waited is sent");
      assert.equal(sockets.dropped, 2);
      const ofFirst = heard.filter(({ first }) => first < 100);
      assert.deepEqual(
        ofFirst.map(({ first }) => first),
        [0, 1, 2, 3, 4, 5, 6, 7],
      );
      assert.equal(new Set(heard.map(({ port }) => port)).size, 2);
    } finally {
      sockets.close();
      endpoint.close();
    }
  });

  it("give a device that moves another port, and nothing that comes to the old one", async () => {
    const { endpoint, heard } = await listen();
    const got: number[] = [];
    const sockets = new DeviceSockets({
      count: 1,
      target: udpAddress("127.0.0.1", endpoint.local.port),
      onDatagram: (_, bytes) => got.push(bytes[0] ?? -1),
      onError: () => assert.fail(),
    });
    const answer = (port: number, value: number): void => {
      endpoint.send(Uint8Array.of(value), 0, 1, udpAddress("127.0.0.1", port));
      endpoint.flush();
    };
    try {
      sockets.send(0, Uint8Array.of(1));
      await eventually(() => heard.length === 1, "it is heard");
      sockets.rebind(0);
      sockets.send(0, Uint8Array.of(2));
      await eventually(() => heard.length === 2, "it is heard from another port");
      const [before = 0, now = 0] = heard.map(({ port }) => port);
      assert.notEqual(before, now);
      answer(before, 3);
      answer(now, 4);
      await eventually(() => got.length === 1, "the answer arrives");
      assert.deepEqual(got, [4]);
    } finally {
      sockets.close();
      endpoint.close();
    }
  });
});
