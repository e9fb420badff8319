// The ring between threads: order, wrapping, limits, and who is woken when.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "@coracle/base";
import { postAddressed, postBytes, readAddressed } from "./addressed-message.ts";
import { ThreadRing } from "./thread-ring.ts";

function post(ring: ThreadRing, kind: number, bytes: Uint8Array): string {
  return postBytes(ring, kind, { bytes, start: 0, end: bytes.length });
}

test("messages of any size come out whole and in order, over thousands of turns of the ring", () => {
  const memory = ThreadRing.allocate(1024);
  const writer = new ThreadRing(memory);
  const reader = new ThreadRing(memory);
  const random = new SeededRandom(5);
  const waiting: (readonly [number, Uint8Array])[] = [];
  let posted = 0;
  let full = 0;
  for (let step = 0; step < 20_000; step++) {
    const bytes = random.bytes(random.uint32() % 300);
    if (post(writer, step, bytes) === "full") full++;
    else {
      posted++;
      waiting.push([step, bytes]);
    }
    reader.drain(random.uint32() % 3, (kind, got) => assert.deepEqual([kind, got], waiting.shift()));
  }
  reader.drain(100, (kind, got) => assert.deepEqual([kind, got], waiting.shift()));
  assert.equal(waiting.length, 0);
  assert.ok(posted > 1000 && full > 100, `${posted} posted, ${full} refused`);
  assert.equal(reader.refused(), full);
});

test("the reader is woken once, and only if it sleeps", () => {
  const ring = new ThreadRing(ThreadRing.allocate(256));
  assert.equal(post(ring, 1, new Uint8Array(1)), "posted");
  // There is a message: it must not sleep.
  assert.equal(ring.sleep(), false);
  assert.equal(post(ring, 1, new Uint8Array(1)), "posted");
  assert.equal(
    ring.drain(10, () => undefined),
    2,
  );
  assert.equal(ring.sleep(), true);
  assert.equal(post(ring, 1, new Uint8Array(1)), "wake");
  assert.equal(post(ring, 1, new Uint8Array(1)), "posted");
  ring.drain(10, () => undefined);
  assert.equal(ring.sleep(), true);
  ring.awake();
  assert.equal(post(ring, 1, new Uint8Array(1)), "posted");
});

test("a message as large as the ring fits when it is empty, a larger one never", () => {
  const ring = new ThreadRing(ThreadRing.allocate(256));
  assert.equal(post(ring, 1, new Uint8Array(248)), "posted");
  assert.equal(post(ring, 1, new Uint8Array(0)), "full");
  ring.drain(1, (_kind, bytes) => assert.equal(bytes.length, 248));
  assert.equal(post(ring, 1, new Uint8Array(249)), "full");
});

test("a datagram keeps its socket, peer and bytes, with room in front", () => {
  const ring = new ThreadRing(ThreadRing.allocate(1024));
  for (const address of [Uint8Array.of(192, 0, 2, 1), new Uint8Array(16).fill(7)]) {
    const part = { bytes: Uint8Array.of(0, 1, 2, 3, 4), start: 1, end: 4 };
    postAddressed(ring, 9, part, { socket: 70_000, peer: { address, port: 61_234 } });
    ring.drain(1, (_kind, bytes) => {
      const { socket, datagram } = readAddressed(bytes);
      assert.equal(socket, 70_000);
      assert.deepEqual(datagram.source, { address, port: 61_234 });
      assert.deepEqual(Array.from(datagram.bytes.subarray(datagram.start, datagram.end)), [1, 2, 3]);
      assert.equal(datagram.start, 32);
    });
  }
});
