// The packet threads on each path that this runtime has: answers, steering, rings, floods, failures, ends.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sleep } from "../clock.ts";
import { runtimeName } from "../process.ts";
import { UdpError } from "./udp-error.ts";
import type { UdpImplementation } from "./path.ts";
import { openClient, until } from "./testing/traffic.ts";
import { openPacketThreads, type PacketThreadsOptions } from "./threads/open-packet-threads.ts";
import type { PacketThreads } from "./threads/packet-threads.ts";

const WORKER = new URL("./testing/echo-worker.ts", import.meta.url);
const own: UdpImplementation = runtimeName();

async function withThreads(
  options: Partial<PacketThreadsOptions>,
  use: (threads: PacketThreads) => Promise<void>,
): Promise<void> {
  const sockets = [{ host: "127.0.0.1", port: 0 }];
  const threads = await openPacketThreads({ worker: WORKER, sockets, threads: 1, ...options });
  try {
    await use(threads);
  } finally {
    await threads.close();
  }
}

for (const implementation of ["native", "native-single", own] as const) {
  describe(`packet threads, ${implementation}`, () => {
    test("answers each datagram, with a header written in front of it", async () => {
      await withThreads({ implementation }, async (threads) => {
        const client = await openClient();
        try {
          const to = threads.sockets[0]!.local;
          for (let index = 0; index < 100; index++) client.send(to, 100, index);
          await until(() => client.heard.length >= 100);
          const answers = client.heard.map(({ bytes }) => bytes);
          assert.deepEqual(
            answers.map((bytes) => bytes.length).filter((length) => length !== 3),
            [],
          );
          assert.deepEqual(
            answers.map((bytes) => bytes[2]).sort((a, b) => a! - b!),
            Array.from({ length: 100 }, (_, i) => i),
          );
          assert.equal(client.heard[0]!.from.port, to.port);
          const stats = threads.sockets[0]!.stats();
          assert.equal(stats.receivedDatagrams, 100);
          assert.equal(stats.receivedBytes, 200);
          assert.equal(threads.path.implementation, implementation);
        } finally {
          client.endpoint.close();
        }
      });
    });

    test("passes datagrams up, and sends from its port for the main thread", async () => {
      const passed: number[][] = [];
      let threads: PacketThreads | undefined;
      const onDatagram: PacketThreadsOptions["onDatagram"] = ({ bytes, start, end, source }, socket) => {
        passed.push(Array.from(bytes.subarray(start, end)));
        bytes[start - 32] = 9;
        threads!.sockets[socket]!.send(bytes, start, end, source);
      };
      await withThreads({ implementation, onDatagram }, async (opened) => {
        threads = opened;
        const client = await openClient();
        try {
          client.send(opened.sockets[0]!.local, 1, 2, 3);
          await until(() => client.heard.length === 1);
          assert.deepEqual(passed, [[1, 2, 3]]);
          assert.deepEqual([...client.heard[0]!.bytes], [1, 2, 3]);
          assert.equal(client.heard[0]!.from.port, opened.sockets[0]!.local.port);
        } finally {
          client.endpoint.close();
        }
      });
    });

    test("carries messages both ways and ticks", async () => {
      const heard: (readonly [number, readonly number[]])[] = [];
      const onMessage = (kind: number, bytes: Uint8Array): void => void heard.push([kind, [...bytes]]);
      await withThreads({ implementation, onMessage, tickMs: 5 }, async (threads) => {
        for (let index = 0; index < 50; index++) assert.equal(threads.post(0, 20, Uint8Array.of(index)), true);
        await until(() => heard.filter(([kind]) => kind === 20).length === 50);
        assert.deepEqual(
          heard.filter(([kind]) => kind === 20).map(([, bytes]) => bytes[0]),
          Array.from({ length: 50 }, (_, index) => index),
        );
        await until(() => heard.filter(([kind]) => kind === 7).length >= 3);
      });
    });

    test("drops and counts what is larger than its slots", async () => {
      await withThreads({ implementation, sizes: { datagramSizeBytesMax: 100 } }, async (threads) => {
        const client = await openClient();
        try {
          const to = threads.sockets[0]!.local;
          client.send(to, ...new Uint8Array(101).fill(50));
          client.send(to, ...new Uint8Array(100).fill(50));
          await until(() => client.heard.length === 1);
          assert.equal(client.heard[0]!.bytes.length, 101);
          assert.equal(threads.sockets[0]!.stats().drops["received-truncated"], 1);
        } finally {
          client.endpoint.close();
        }
      });
    });

    test("opens sockets of its own and closes them", async () => {
      await withThreads({ implementation }, async (threads) => {
        const client = await openClient();
        try {
          const to = threads.sockets[0]!.local;
          for (let index = 0; index < 10; index++) client.send(to, 4, index);
          await until(() => client.heard.length === 10);
          assert.ok(client.heard.every(({ from }) => from.port !== to.port));
          await until(() => threads.openedStats().sentDatagrams === 10);
        } finally {
          client.endpoint.close();
        }
      });
    });

    test("tells when its handler breaks", async () => {
      const failures: UdpError[] = [];
      await withThreads({ implementation, onFailure: (error) => failures.push(error) }, async (threads) => {
        const client = await openClient();
        try {
          client.send(threads.sockets[0]!.local, 3);
          await until(() => failures.length > 0);
          assert.equal(failures[0]!.code, "WORKER");
          assert.match(failures[0]!.message, /asked to break/);
        } finally {
          client.endpoint.close();
        }
      });
    });

    test("refuses a port that is taken, leaving no thread behind", async () => {
      await withThreads({ implementation }, async (threads) => {
        const sockets = [{ host: "127.0.0.1", port: threads.sockets[0]!.local.port }];
        await assert.rejects(openPacketThreads({ worker: WORKER, sockets, threads: 1, implementation }), (error) => {
          assert.ok(error instanceof UdpError);
          assert.equal(error.code, "ADDRESS_IN_USE");
          return true;
        });
      });
    });

    test("leaves no socket behind when a later one cannot be bound", async () => {
      await withThreads({ implementation }, async (threads) => {
        const taken = threads.sockets[0]!.local.port;
        const probe = await openClient();
        const { port } = probe.endpoint.local;
        probe.endpoint.close();
        const sockets = [port, taken].map((number) => ({ host: "127.0.0.1", port: number }));
        const failing = openPacketThreads({ worker: WORKER, sockets, threads: 1, implementation });
        await assert.rejects(failing, (error) => error instanceof UdpError && error.code === "ADDRESS_IN_USE");
        // Its first port is free again.
        await withThreads({ implementation, sockets: sockets.slice(0, 1) }, async (again) =>
          assert.equal(again.sockets[0]!.local.port, port),
        );
      });
    });

    test("leaves the main thread its pace under a flood", async () => {
      await withThreads({ implementation }, async (threads) => {
        const flooder = await openPacketThreads({
          worker: new URL("./testing/flood-worker.ts", import.meta.url),
          sockets: [{ host: "127.0.0.1", port: 0 }],
          threads: 1,
          implementation,
          data: { port: threads.sockets[0]!.local.port, passUp: true },
        });
        try {
          const stats = (): number => threads.sockets[0]!.stats().receivedDatagrams;
          await until(() => stats() > 1000);
          // Every turn of the main thread's timer happens while thousands of datagrams come in, the ring to it being full.
          let turns = 0;
          const before = stats();
          for (; turns < 100 && stats() - before < 2_000_000; turns++) await sleep(1);
          assert.equal(turns, 100);
          assert.ok(stats() > before);
        } finally {
          await flooder.close();
        }
      });
    });
  });
}

test("a steering octet picks the thread; other datagrams are spread", async () => {
  const steering = [{ where: [{ offset: 0, value: 25 }], octetOffset: 2 }];
  await withThreads({ threads: 3, sockets: [{ host: "127.0.0.1", port: 0, steering }] }, async (threads) => {
    assert.deepEqual(threads.path, { implementation: "native", threads: 3, isSteered: true, reasons: [] });
    const clients = await Promise.all(Array.from({ length: 8 }, () => openClient()));
    try {
      const to = threads.sockets[0]!.local;
      for (const client of clients) for (let index = 0; index < 30; index++) client.send(to, 25, 0, index % 3);
      const heard = (): readonly Uint8Array[] => clients.flatMap((client) => client.heard.map(({ bytes }) => bytes));
      await until(() => heard().length === 240);
      // Byte 0 of an answer is the thread that gave it, byte 3 the octet that was asked for.
      assert.deepEqual(
        heard().filter((bytes) => bytes[0] !== bytes[3]),
        [],
      );
      for (const client of clients) client.send(to, 99, 0, 0);
      await until(() => heard().length === 248);
    } finally {
      for (const client of clients) client.endpoint.close();
    }
  });
});

test("threads on native sockets or none: nothing is started where there are only others", async () => {
  const sockets = [{ host: "127.0.0.1", port: 0 }];
  const worker = new URL("./testing/no-such-worker.ts", import.meta.url);
  await assert.rejects(
    openPacketThreads({ worker, sockets, threads: 1, implementation: own, nativeOnly: true }),
    (error) => error instanceof UdpError && error.code === "UNSUPPORTED",
  );
});

test("a ring that is full refuses and counts", async () => {
  await withThreads({ ringSizeBytes: 1024 }, async (threads) => {
    const message = new Uint8Array(600);
    const posted = [0, 1, 2, 3, 4, 5, 6, 7].map(() => threads.post(0, 1, new Uint8Array(2000)));
    assert.deepEqual(new Set(posted), new Set([false]));
    assert.equal(threads.ringDrops().toThreads, 8);
    assert.equal(threads.post(0, 1, message), true);
  });
});

test("a worker that cannot be loaded is an error of the opener", async () => {
  const sockets = [{ host: "127.0.0.1", port: 0 }];
  const worker = new URL("./testing/no-such-worker.ts", import.meta.url);
  await assert.rejects(openPacketThreads({ worker, sockets, threads: 1 }), UdpError);
});

test("a mailed value comes as it is, with memory that is shared, while datagrams come in", async () => {
  const heard: number[] = [];
  const onMessage = (kind: number, bytes: Uint8Array): void => {
    if (kind === 9) heard.push(...bytes);
  };
  for (const implementation of ["native", own] as const) {
    await withThreads({ implementation, onMessage }, async (threads) => {
      const client = await openClient();
      try {
        const shared = new SharedArrayBuffer(1);
        for (let round = 1; round <= 3; round++) {
          threads.mail({ shared, round });
          for (let index = 0; index < 20; index++) client.send(threads.sockets[0]!.local, 100, index);
          await until(() => heard.length === round && client.heard.length === 20 * round);
          assert.equal(new Uint8Array(shared)[0], round);
        }
        assert.deepEqual(heard, [1, 2, 3]);
        heard.length = 0;
      } finally {
        client.endpoint.close();
      }
    });
  }
});

test("threads hand datagrams to each other, and do what they put off", async () => {
  await withThreads({ threads: 3 }, async (threads) => {
    const client = await openClient();
    try {
      const to = threads.sockets[0]!.local;
      for (let index = 0; index < 60; index++) client.send(to, 5, index % 3, index);
      await until(() => client.heard.length === 60);
      // Byte 0 of an answer is the thread that gave it, byte 2 the one that was asked for.
      assert.deepEqual(
        client.heard.filter(({ bytes }) => bytes[0] !== bytes[2]),
        [],
      );
      assert.equal(new Set(client.heard.map(({ bytes }) => bytes[3])).size, 60);
      assert.equal(threads.ringDrops().between, 0);
    } finally {
      client.endpoint.close();
    }
  });
});
