// Backoff, timers, ring, bytes and seeded randomness.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AssertionError,
  Backoff,
  ByteReader,
  ByteWriter,
  millis,
  REFLECTOR_BACKOFF,
  Ring,
  SeededRandom,
  TimerTable,
} from "./mod.ts";

test("Backoff grows to its cap, stays inside its jitter and resets after a quiet time", () => {
  const backoff = new Backoff(REFLECTOR_BACKOFF, new SeededRandom(7));
  let now = 0;
  for (const base of [800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]) {
    const wait = backoff.step(millis(now));
    assert.ok(wait >= base && wait < base * 2, `${wait} is not in [${base}, ${base * 2})`);
    now += wait;
  }
  const afterQuiet = backoff.step(millis(now + 200_000));
  assert.ok(afterQuiet < 1600);
});

test("TimerTable expires in order and only what is due", () => {
  const timers = new TimerTable<"a" | "b">();
  timers.set("a", millis(20));
  timers.set("b", millis(10));
  assert.equal(timers.next(), 10);
  assert.equal(timers.expire(millis(9)), undefined);
  assert.equal(timers.expire(millis(30)), "b");
  assert.equal(timers.expire(millis(30)), "a");
  assert.equal(timers.expire(millis(30)), undefined);
});

test("Ring refuses past its capacity and keeps order across the wrap", () => {
  const ring = new Ring<number>(3);
  for (const value of [1, 2, 3]) assert.equal(ring.push(value), true);
  assert.equal(ring.push(4), false);
  assert.equal(ring.shift(), 1);
  assert.equal(ring.push(4), true);
  assert.deepEqual([ring.at(0), ring.at(2), ring.at(3)], [2, 4, undefined]);
  assert.deepEqual([ring.shift(), ring.shift(), ring.shift(), ring.shift()], [2, 3, 4, undefined]);
});

test("ByteWriter and ByteReader are each other's inverse, and reading past the end is an answer", () => {
  const writer = new ByteWriter({ sizeBytes: 1 });
  writer
    .uint8(1)
    .uint16(2)
    .uint24(0x030405)
    .uint32(0xfffffff0)
    .uint48(0x123456789abc)
    .uint64(1n << 63n)
    .bytes(Uint8Array.of(9));
  const reader = new ByteReader(writer.finish());
  assert.deepEqual([reader.uint8(), reader.uint16(), reader.uint24(), reader.uint32()], [1, 2, 0x030405, 0xfffffff0]);
  assert.equal(reader.uint48(), 0x123456789abc);
  assert.equal(reader.uint64(), 1n << 63n);
  assert.deepEqual([...reader.bytes(1)], [9]);
  assert.equal(reader.failed, false);
  assert.equal(reader.uint16(), 0);
  assert.equal(reader.failed, true);
});

test("ByteWriter asserts at its cap", () => {
  const writer = new ByteWriter({ sizeBytes: 1, sizeBytesMax: 2 });
  writer.uint16(1);
  assert.throws(() => writer.uint8(1), AssertionError);
});

test("SeededRandom repeats with its seed and fills [0, 1)", () => {
  const a = new SeededRandom(42);
  const b = new SeededRandom(42);
  let sum = 0;
  for (let index = 0; index < 1000; index++) {
    const value = a.next();
    assert.equal(value, b.next());
    assert.ok(value >= 0 && value < 1);
    sum += value;
  }
  assert.ok(sum > 400 && sum < 600);
});
