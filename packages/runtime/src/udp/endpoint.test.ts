// The UDP contract, one suite for each implementation that this runtime has.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sleep } from "../clock.ts";
import { runtimeName } from "../process.ts";
import { formatUdpAddress, udpAddress, type UdpAddress, udpAddressKey } from "./address.ts";
import type { ReceivedDatagram } from "./endpoint.ts";
import { type OpenedUdp, openUdpEndpoint, type OpenUdpOptions } from "./open-endpoint.ts";
import { describeUdpPath, type UdpImplementation } from "./path.ts";
import { openClient, until } from "./testing/traffic.ts";
import { openPacketThreads } from "./threads/open-packet-threads.ts";
import { UdpError } from "./udp-error.ts";

const implementations: readonly UdpImplementation[] =
  runtimeName() === "bun" ? ["native", "native-single", "bun", "node"] : ["native", "native-single", runtimeName()];
const LARGE = 60_000;

async function withEndpoint(
  options: Partial<OpenUdpOptions>,
  use: (opened: OpenedUdp) => Promise<void>,
): Promise<void> {
  const opened = await openUdpEndpoint({ host: "127.0.0.1", port: 0, onBatch: () => undefined, ...options });
  try {
    await use(opened);
  } finally {
    opened.endpoint.close();
  }
}

/** A receiver that answers each datagram with itself, one byte longer in front. */
const answer: OpenUdpOptions["onBatch"] = ({ count, datagrams }, endpoint) => {
  for (const { bytes, start, end, source } of datagrams.slice(0, count)) {
    bytes[start - 1] = 77;
    endpoint.send(bytes, start - 1, end, source);
  }
};

for (const implementation of implementations) {
  describe(`UDP contract, ${implementation}`, () => {
    for (const host of ["127.0.0.1", "::1"]) {
      test(`binds, hears and answers on ${host}`, async () => {
        await withEndpoint({ implementation, host, onBatch: answer }, async ({ endpoint, path }) => {
          assert.equal(path.implementation, implementation);
          assert.ok(endpoint.local.port > 0);
          const client = await openClient(host);
          try {
            for (let index = 0; index < 70; index++) client.send(endpoint.local, index, 1, 2);
            client.send(endpoint.local);
            await until(() => client.heard.length === 71);
            const first = client.heard.find(({ bytes }) => bytes[1] === 0);
            assert.deepEqual([...first!.bytes], [77, 0, 1, 2]);
            assert.equal(formatUdpAddress(first!.from), formatUdpAddress(endpoint.local));
            // The empty one has an answer as well.
            assert.equal(client.heard.filter(({ bytes }) => bytes.length === 1).length, 1);
            await until(() => endpoint.stats().sentDatagrams === 71);
            const { receivedDatagrams, receivedBytes, sentBytes, drops } = endpoint.stats();
            assert.deepEqual([receivedDatagrams, receivedBytes, sentBytes], [71, 210, 281]);
            assert.deepEqual(new Set(Object.values(drops)), new Set([0]));
          } finally {
            client.endpoint.close();
          }
        });
      });
    }

    // The runtimes' other sockets give no way to their file.
    if (["native", "native-single", "bun"].includes(implementation)) {
      test("has the room in the kernel that is asked for, and counts what found none", async () => {
        let received = 0;
        const onBatch: OpenUdpOptions["onBatch"] = ({ count }) => (received += count);
        await withEndpoint({ implementation, onBatch, receiveBufferBytes: 4096 }, async ({ endpoint }) => {
          await withEndpoint({}, async ({ endpoint: sender }) => {
            // This thread reads nothing meanwhile.
            for (let index = 0; index < 150; index++) sender.send(new Uint8Array(50), 0, 50, endpoint.local);
            sender.flush();
            const lost = (): number => endpoint.stats().drops["kernel-queue-full"];
            await until(() => received + lost() === 150);
            assert.ok(lost() > 100, `${lost()}`);
          });
        });
      });
    }

    test("shows IPv4 as IPv4 on an IPv6 socket, and sends to it", async () => {
      const sources: UdpAddress[] = [];
      const onBatch: OpenUdpOptions["onBatch"] = (batch, endpoint) => {
        sources.push({ address: batch.datagrams[0]!.source.address.slice(), port: batch.datagrams[0]!.source.port });
        answer(batch, endpoint);
      };
      await withEndpoint({ implementation, host: "::", onBatch }, async ({ endpoint }) => {
        const client = await openClient();
        try {
          client.send(udpAddress("127.0.0.1", endpoint.local.port), 5);
          await until(() => client.heard.length === 1);
          assert.deepEqual(sources, [client.endpoint.local]);
        } finally {
          client.endpoint.close();
        }
      });
    });

    test("drops what is too large to send or has no route, and counts it", async () => {
      await withEndpoint({ implementation, sizes: { datagramSizeBytesMax: 70_000 } }, async ({ endpoint }) => {
        endpoint.send(new Uint8Array(66_000), 0, 66_000, endpoint.local);
        assert.equal(endpoint.send(new Uint8Array(1), 0, 1, udpAddress("::1", 9)), false);
        endpoint.flush();
        await until(() => {
          const { drops } = endpoint.stats();
          return drops["send-too-large"] + drops["send-unreachable"] + drops["send-failed"] === 2;
        });
        assert.equal(endpoint.stats().sentDatagrams, 0);
        assert.ok(endpoint.stats().drops["send-unreachable"] >= 1);
      });
    });

    test("carries datagrams up to the size of its slots", async () => {
      const sizes = { datagramSizeBytesMax: LARGE };
      const heard: number[] = [];
      const onBatch: OpenUdpOptions["onBatch"] = ({ count, datagrams }) =>
        void heard.push(...datagrams.slice(0, count).map(({ start, end }: ReceivedDatagram) => end - start));
      await withEndpoint({ implementation, sizes, onBatch }, async ({ endpoint: to }) => {
        await withEndpoint({ implementation, sizes }, async ({ endpoint: from }) => {
          from.send(new Uint8Array(LARGE), 0, LARGE, to.local);
          from.flush();
          await until(() => heard.length === 1);
          assert.deepEqual(heard, [LARGE]);
        });
      });
    });

    test("has a bounded queue: what is sent in one go arrives or is counted", async () => {
      await withEndpoint({ implementation, sendQueueMax: 16 }, async ({ endpoint }) => {
        const bytes = new Uint8Array(10);
        const accepted = Array.from({ length: 1000 }, () => endpoint.send(bytes, 0, 10, endpoint.local));
        endpoint.flush();
        const refused = accepted.filter((isAccepted) => !isAccepted).length;
        await until(() => endpoint.stats().sentDatagrams + refused === 1000);
        assert.equal(endpoint.stats().drops["send-queue-full"], refused);
      });
    });

    test("refuses a port in use and what is no address", async () => {
      await withEndpoint({ implementation }, async ({ endpoint }) => {
        const onBatch = (): void => undefined;
        const again = openUdpEndpoint({ host: "127.0.0.1", port: endpoint.local.port, onBatch, implementation });
        await assert.rejects(again, (error) => error instanceof UdpError && error.code === "ADDRESS_IN_USE");
        const name = openUdpEndpoint({ host: "localhost", port: 0, onBatch, implementation });
        await assert.rejects(name, (error) => error instanceof UdpError && error.code === "BAD_ADDRESS");
        const elsewhere = openUdpEndpoint({ host: "192.0.2.1", port: 0, onBatch, implementation });
        await assert.rejects(elsewhere, (error) => error instanceof UdpError && error.code === "ADDRESS_NOT_AVAILABLE");
      });
    });

    test("is silent after close", async () => {
      let count = 0;
      const { endpoint } = await openUdpEndpoint({
        host: "127.0.0.1",
        port: 0,
        onBatch: () => count++,
        implementation,
      });
      const client = await openClient();
      try {
        endpoint.close();
        endpoint.close();
        assert.equal(endpoint.send(new Uint8Array(1), 0, 1, client.endpoint.local), false);
        client.send(endpoint.local, 1);
        client.send(client.endpoint.local, 2);
        await until(() => client.heard.length === 1);
        assert.equal(count, 0);
      } finally {
        client.endpoint.close();
      }
    });
  });
}

test("a native socket on the main thread leaves its timers their turns under a flood", async () => {
  await withEndpoint({ implementation: "native", onBatch: answer }, async ({ endpoint }) => {
    const flooder = await openPacketThreads({
      worker: new URL("./testing/flood-worker.ts", import.meta.url),
      sockets: [{ host: "127.0.0.1", port: 0 }],
      threads: 1,
      data: { port: endpoint.local.port, passUp: false },
    });
    try {
      const received = (): number => endpoint.stats().receivedDatagrams;
      await until(() => received() > 1000);
      let turns = 0;
      for (const before = received(); turns < 100 && received() - before < 1_000_000; turns++) await sleep(1);
      assert.equal(turns, 100);
    } finally {
      await flooder.close();
    }
  });
});

test("an implementation of another runtime is refused", async () => {
  const implementation = runtimeName() === "bun" ? "deno" : "bun";
  const opened = openUdpEndpoint({ host: "127.0.0.1", port: 0, onBatch: () => undefined, implementation });
  await assert.rejects(opened, (error) => error instanceof UdpError && error.code === "UNSUPPORTED");
});

test("addresses have equal keys exactly when they are equal", () => {
  const texts = ["0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "::ffff:127.0.0.1"];
  const keys = texts.flatMap((host) => [0, 1, 256, 65_535].map((port) => udpAddressKey(udpAddress(host, port))));
  // The last host is the second one.
  assert.equal(new Set(keys).size, 24);
  assert.equal(udpAddressKey(udpAddress("::ffff:127.0.0.1", 1)), udpAddressKey(udpAddress("127.0.0.1", 1)));
  assert.ok(Number.isSafeInteger(udpAddressKey(udpAddress("255.255.255.255", 65_535))));
});

test("a path is told in words", () => {
  assert.equal(
    describeUdpPath({ implementation: "native", threads: 2, isSteered: true, reasons: [] }),
    "native, 2 threads, steered",
  );
  const fallback = { implementation: "bun", threads: 1, isSteered: false, reasons: ["no C library"] } as const;
  assert.equal(describeUdpPath(fallback), "bun, 1 thread (no C library)");
  assert.equal(describeUdpPath({ ...fallback, threads: 0, reasons: [] }), "bun, on the main thread");
});
