// The kernel's programs and our own arithmetic find the same worker: real datagrams to sockets that share a port.
import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { describe, it } from "node:test";
import { SeededRandom } from "@coracle/base";
import { nodeId } from "@coracle/cluster";
import { systemCrypto } from "@coracle/dtls/io";
import { eventually } from "@coracle/sim";
import { openPacketThreads, type PacketThreads, type SteeringProgram } from "@coracle/runtime";
import { DatagramHomes } from "../core/datagram-home.ts";
import { type QuicLbKeys, QuicLbLayout, quicLbPrefix } from "../core/quic-lb-layout.ts";
import { clusterSteering, publicSteering } from "./steering-programs.ts";

const WORKER = new URL("../testing/naming-worker.ts", import.meta.url);
const NODE = 7;
const WORKERS = 3;
const CLIENTS = 12;

/** Threads that answer each datagram with their number in front of it. */
async function withThreads(
  steering: SteeringProgram,
  host: string,
  use: (threads: PacketThreads) => Promise<void>,
): Promise<void> {
  const threads = await openPacketThreads({
    worker: WORKER,
    sockets: [{ host, port: 0, steering }],
    threads: WORKERS,
  });
  try {
    assert.deepEqual([threads.path.threads, threads.path.isSteered], [WORKERS, true]);
    await use(threads);
  } finally {
    await threads.close();
  }
}

async function openClients(host: string): Promise<Socket[]> {
  const clients = Array.from({ length: CLIENTS }, () => createSocket(host.includes(":") ? "udp6" : "udp4"));
  for (const client of clients) {
    await new Promise<void>((resolve) => {
      client.bind(0, host, resolve);
    });
  }
  return clients;
}

/** Sends every datagram from every client; each answer is checked against `home`. */
async function check(
  threads: PacketThreads,
  { host, datagrams }: { readonly host: string; readonly datagrams: readonly Uint8Array[] },
  home: (bytes: Uint8Array, client: { address: Uint8Array; port: number }) => number,
): Promise<void> {
  const clients = await openClients(host);
  const address = host.includes(":") ? Uint8Array.of(...new Uint8Array(15), 1) : Uint8Array.of(127, 0, 0, 1);
  const wrong: string[] = [];
  const seen = new Set<number>();
  let heard = 0;
  try {
    for (const client of clients) {
      const { port } = client.address();
      client.on("message", (answer) => {
        heard++;
        const bytes = new Uint8Array(answer.subarray(1));
        const expected = home(bytes, { address, port });
        seen.add(expected);
        if (answer[0] !== expected)
          wrong.push(`${bytes[0]} ${bytes[12]} of port ${port}: ${answer[0]} for ${expected}`);
      });
      for (const datagram of datagrams) client.send(datagram, threads.sockets[0]?.local.port, host);
    }
    await eventually(() => heard === clients.length * datagrams.length, "an answer to each");
    assert.deepEqual(wrong, []);
    assert.equal(seen.size, WORKERS, "every worker has its part");
  } finally {
    for (const client of clients) client.close();
  }
}

function record(owner: number, worker: number): Uint8Array {
  const bytes = new Uint8Array(40).fill(0xaa);
  bytes.set([25, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 2, owner, worker, 2, 3, 4, 5, 0, 21]);
  return bytes;
}

const hello = Uint8Array.from([22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4]);
const homesOf = (macSizeBytes: number): DatagramHomes[] =>
  Array.from(
    { length: WORKERS },
    (_, worker) => new DatagramHomes({ nodeId: NODE, cidSizeBytes: 6, macSizeBytes, worker, workers: WORKERS }),
  );
const view = (bytes: Uint8Array) => ({ bytes, start: 0, end: bytes.length });

const SIZES = { serverIdSizeBytes: 2, nonceSizeBytes: 6 };
const CLEAR: QuicLbKeys = { active: 4, configurations: [{ id: 4, key: undefined }] };
const HIDDEN: QuicLbKeys = { active: 4, configurations: [{ id: 4, key: new Uint8Array(16) }] };
const layouts = [
  ["in the clear", CLEAR, { kind: "quic-lb", prefix: quicLbPrefix(SIZES, 4, NODE), sizeBytes: 9 }],
  ["encrypted", HIDDEN, { kind: "hidden" }],
] as const;

function layoutOf(node: number, worker: number, keys: QuicLbKeys): QuicLbLayout {
  const place = { nodeId: nodeId(node), worker, workers: WORKERS };
  return new QuicLbLayout({ ...SIZES, ...place, crypto: systemCrypto, keys, hashSeed: 1 });
}

/** Records with IDs of this node's workers, then some of other nodes. */
function quicLbRecords(keys: QuicLbKeys): Uint8Array[] {
  const random = new SeededRandom(6);
  const makers = [0, 1, 2].map((worker) => layoutOf(NODE, worker, keys));
  return [...makers, ...makers, layoutOf(9, 0, keys), layoutOf(77, 1, keys)].map(({ generator }) => {
    const bytes = new Uint8Array(43).fill(0xaa);
    bytes.set([25, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 2, ...generator.generate(random), 0, 21]);
    return bytes;
  });
}

const quicLbHomes = (keys: QuicLbKeys, macSizeBytes: number): DatagramHomes[] =>
  Array.from({ length: WORKERS }, (_, worker) => {
    const layout = layoutOf(NODE, worker, keys);
    return new DatagramHomes({ nodeId: NODE, cidSizeBytes: 9, layout, macSizeBytes, worker, workers: WORKERS });
  });

/** A frame for a client whose address and port follow from the other numbers. */
function frameOf(
  of: { readonly type: number; readonly size: number; readonly worker: number; readonly macSizeBytes: number },
  payload: Uint8Array,
): Uint8Array {
  const { type, size, worker, macSizeBytes } = of;
  const port = 20_000 + 7919 * worker + type;
  const client = Uint8Array.from({ length: size }, (_, at) => 3 + at * (worker + 5));
  const head = [type, port & 0xff, port >>> 8, size, ...client, ...new Uint8Array(macSizeBytes)];
  return Uint8Array.from([...head, ...payload]);
}

describe("steering by the kernel", () => {
  for (const host of ["127.0.0.1", "::1"]) {
    it(`sends what comes to the public port at ${host} to the worker that our own rule names`, async () => {
      const own = Array.from({ length: WORKERS }, (_, worker) => record(NODE, worker));
      const datagrams = [...own, record(9, 0), record(9, 77), hello, Uint8Array.of(23, 1)];
      await withThreads(publicSteering({ kind: "node-first", nodeId: NODE }, WORKERS), host, async (threads) => {
        await check(
          threads,
          { host, datagrams },
          (bytes, client) => homesOf(0)[0]?.ofPublic(view(bytes), client) ?? -1,
        );
      });
    });
  }

  for (const [name, keys, steered] of layouts) {
    for (const host of ["127.0.0.1", "::1"]) {
      it(`sends what comes to the public port at ${host} where IDs are ${name} to the worker that our own rule names`, async () => {
        const datagrams = [...quicLbRecords(keys), hello, Uint8Array.of(23, 1)];
        // Hidden, the kernel sends records to the client's flow, and the worker there finds out whose they are.
        const [homes] = keys === HIDDEN ? homesOf(0) : quicLbHomes(keys, 0);
        await withThreads(publicSteering(steered, WORKERS), host, async (threads) => {
          await check(threads, { host, datagrams }, (bytes, client) => {
            const datagram = keys === HIDDEN && bytes[0] === 25 ? record(NODE + 1, 0) : bytes;
            return homes?.ofPublic(view(datagram), client) ?? -1;
          });
        });
      });
    }

    for (const macSizeBytes of [0, 8]) {
      it(`sends frames with a MAC of ${macSizeBytes} bytes where IDs are ${name} to the worker that our own rule names`, async () => {
        const [homes] = quicLbHomes(keys, macSizeBytes);
        const own = quicLbRecords(keys).slice(0, WORKERS);
        const datagrams = own.flatMap((bytes, worker) =>
          [4, 16].flatMap((size) => [62, 63].map((type) => frameOf({ type, size, worker, macSizeBytes }, bytes))),
        );
        await withThreads(clusterSteering(steered, macSizeBytes, WORKERS), "127.0.0.1", async (threads) => {
          await check(threads, { host: "127.0.0.1", datagrams }, (bytes) => {
            // Hidden, a forward goes where an answer to its client would go.
            const backward = Uint8Array.from([62, ...bytes.subarray(1)]);
            return homes?.ofCluster(view(keys === HIDDEN ? backward : bytes)) ?? -1;
          });
        });
      });
    }
  }

  for (const macSizeBytes of [0, 8]) {
    it(`sends frames with a MAC of ${macSizeBytes} bytes to the session, and answers to the client's flow`, async () => {
      const datagrams = [0, 1, 2].flatMap((worker) =>
        [4, 16].flatMap((size) =>
          [62, 63].map((type) => frameOf({ type, size, worker, macSizeBytes }, record(NODE, worker))),
        ),
      );
      await withThreads(
        clusterSteering({ kind: "node-first", nodeId: NODE }, macSizeBytes, WORKERS),
        "127.0.0.1",
        async (threads) => {
          await check(threads, { host: "127.0.0.1", datagrams }, (bytes) => {
            return homesOf(macSizeBytes)[0]?.ofCluster(view(bytes)) ?? -1;
          });
        },
      );
    });
  }
});
