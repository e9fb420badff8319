// The datagrams of handshakes that wait: in order, by count and by bytes, and without keeping what has left.
import assert from "node:assert/strict";
import { test } from "node:test";
import { collectGarbage } from "@coracle/runtime";
import { HandshakeQueue, WAITING_HANDSHAKES_MAX, WAITING_SIZE_BYTES_MAX } from "./handshake-queue.ts";

const SOURCE = { address: Uint8Array.of(192, 0, 2, 1), port: 4000 };

function view(sizeBytes: number, mark = 0) {
  const bytes = new Uint8Array(100 + sizeBytes);
  bytes[100] = mark;
  return { bytes, start: 100, end: bytes.length };
}

function marks(queue: HandshakeQueue): number[] {
  const found: number[] = [];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    found.push(next.datagram.bytes[next.datagram.start] ?? -1);
  }
  return found;
}

test("datagrams leave in the order they came, as copies with room in front", () => {
  const queue = new HandshakeQueue();
  const first = view(10, 1);
  queue.push(0, first, SOURCE);
  queue.push(1, view(10, 2), SOURCE);
  first.bytes.fill(9);
  const taken = queue.shift();
  assert.ok(taken !== undefined && taken.datagram.start >= 28);
  assert.deepEqual([taken.port, taken.datagram.bytes[taken.datagram.start], taken.source], [0, 1, SOURCE]);
  assert.deepEqual(marks(queue), [2]);
});

test("the caps hold: so many datagrams, so many bytes", () => {
  const queue = new HandshakeQueue();
  for (let count = 0; count < WAITING_HANDSHAKES_MAX; count++) assert.ok(queue.push(0, view(100), SOURCE));
  assert.equal(queue.push(0, view(1), SOURCE), false);
  assert.equal(marks(queue).length, WAITING_HANDSHAKES_MAX);
  let largest = 0;
  while (queue.push(0, view(65_000), SOURCE)) largest++;
  assert.equal(largest, Math.floor(WAITING_SIZE_BYTES_MAX / 65_000));
  assert.equal(queue.shift()?.datagram.end, 65_028);
  assert.ok(queue.push(0, view(65_000), SOURCE), "what has left makes room");
});

test("a queue that a flood never lets run empty keeps nothing of what has left it", () => {
  const queue = new HandshakeQueue();
  queue.push(0, view(1000), SOURCE);
  collectGarbage();
  const before = process.memoryUsage().external;
  let grown = Number.POSITIVE_INFINITY;
  for (let count = 0; count < 400_000; count++) {
    queue.push(0, view(1000, count), SOURCE);
    queue.shift();
    // A runtime collects when it likes: the least that is held while the last quarter passes is what is kept.
    if (count < 300_000 || count % 1000 !== 0) continue;
    collectGarbage();
    grown = Math.min(grown, process.memoryUsage().external - before);
  }
  assert.equal(queue.size, 1);
  assert.ok(grown < 60_000_000, `${grown} bytes are kept of 300 MB that passed through`);
});
