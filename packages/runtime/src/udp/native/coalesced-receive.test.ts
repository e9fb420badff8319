// Datagrams that the kernel hands over in one piece (UDP_GRO) are seen apart again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_BATCH_SIZES } from "../endpoint.ts";
import { openLibc } from "./libc.ts";
import { NativeSocket } from "./native-socket.ts";
import { ReceiveMemory } from "./receive-memory.ts";
import { lookUntil } from "../testing/look-until.ts";

const libc = await openLibc();
assert.ok(!("refusedAs" in libc), "the tests of native sockets need the C library");

interface Received {
  /** Messages that each call gave. */
  readonly calls: readonly number[];
  /** First byte and size of each datagram. */
  readonly datagrams: readonly (readonly [first: number | undefined, sizeBytes: number])[];
  readonly truncated: number;
}

/** Sends datagrams of these sizes, numbered, as runs, and takes what has arrived. */
function pass(sizes: readonly number[], datagramSizeBytesMax = 2048): Received {
  assert.ok(!("refusedAs" in libc));
  const memory = new ReceiveMemory(libc, { ...DEFAULT_BATCH_SIZES, datagramSizeBytesMax, coalesced: true });
  const own = new ReceiveMemory(libc, DEFAULT_BATCH_SIZES);
  const address = { host: "127.0.0.1", port: 0 };
  const context = { libc, batches: true, sizes: DEFAULT_BATCH_SIZES };
  const to = new NativeSocket({ ...context, memory }, { ...address, coalesce: true });
  const from = new NativeSocket({ ...context, memory: own }, { ...address, segment: true });
  try {
    for (const [index, size] of sizes.entries()) from.send(new Uint8Array(size).fill(index), 0, size, to.local);
    from.flush();
    const calls: number[] = [];
    const datagrams: (readonly [number | undefined, number])[] = [];
    lookUntil(() => {
      for (let received = to.receive(); received > 0; received = to.receive()) {
        calls.push(received);
        for (const { bytes, start, end, source } of memory.datagrams.slice(0, memory.count)) {
          datagrams.push([end > start ? bytes[start] : undefined, end - start]);
          assert.equal(source.port, from.local.port);
        }
      }
      return datagrams.length === sizes.length || to.stats().drops["received-truncated"] > 0;
    });
    return { calls, datagrams, truncated: to.stats().drops["received-truncated"] };
  } finally {
    from.close();
    to.close();
  }
}

test("a run comes as one message and is the datagrams that were sent, the last of them shorter", () => {
  const sizes = [100, 100, 100, 60];
  const { calls, datagrams } = pass(sizes);
  assert.deepEqual(calls, [1]);
  assert.deepEqual(
    datagrams,
    sizes.map((size, index) => [index, size]),
  );
});

test("single datagrams come as they are, empty ones too", () => {
  const { datagrams } = pass([7, 0, 1000, 3]);
  assert.deepEqual(datagrams, [
    [0, 7],
    [undefined, 0],
    [2, 1000],
    [3, 3],
  ]);
});

test("many long runs come whole and in order", () => {
  const sizes = Array.from({ length: 640 }, (_, index) => 80 + 10 * Math.floor(index / 200));
  const { datagrams } = pass(sizes);
  assert.deepEqual(
    datagrams,
    sizes.map((size, index) => [index & 0xff, size]),
  );
});

test("datagrams that are larger than allowed are dropped and counted", () => {
  const { datagrams, truncated } = pass([65, 65, 64], 64);
  assert.deepEqual(
    datagrams.filter(([, size]) => size > 64),
    [],
  );
  assert.ok(truncated > 0);
});
