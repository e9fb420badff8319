// The kernel's programs and our own arithmetic find the same worker: real datagrams to sockets that share a port.
import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { describe, it } from "node:test";
import { eventually } from "@coracle/sim";
import { openPacketThreads, type PacketThreads, type SteeringProgram } from "@coracle/runtime";
import { DatagramHomes } from "../core/datagram-home.ts";
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

  for (const macSizeBytes of [0, 8]) {
    it(`sends frames with a MAC of ${macSizeBytes} bytes to the session, and answers to the client's flow`, async () => {
      const datagrams: Uint8Array[] = [];
      for (let worker = 0; worker < WORKERS; worker++) {
        for (const size of [4, 16]) {
          for (const type of [62, 63]) {
            const port = 20_000 + 7919 * worker + type;
            const client = Uint8Array.from({ length: size }, (_, at) => 3 + at * (worker + 5));
            const head = [type, port & 0xff, port >>> 8, size, ...client, ...new Uint8Array(macSizeBytes)];
            datagrams.push(Uint8Array.from([...head, ...record(NODE, worker)]));
          }
        }
      }
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
