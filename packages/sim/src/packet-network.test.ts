// The packet network loses, doubles, delays, parts and repeats as it is told.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PacketNetwork } from "./packet-network.ts";

/** A small seeded generator (mulberry32): this package depends on nothing. */
function seeded(seed: number) {
  let state = seed >>> 0;
  return {
    next(): number {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
    },
  };
}

function run(seed: number) {
  const network = new PacketNetwork({ random: seeded(seed), lossRate: 0.2, duplicateRate: 0.1, delayMsMax: 50 });
  for (let index = 0; index < 1000; index++) network.send("a", "b", Uint8Array.of(index & 255), index);
  return { network, order: network.arrivals(10_000).map(({ bytes, atMs }) => `${bytes[0]}@${atMs}`) };
}

test("PacketNetwork loses and doubles about as often as asked, reorders, and repeats a seed exactly", () => {
  const { network, order } = run(7);
  const { counts } = network;
  assert.ok(counts.lost > 150 && counts.lost < 250, `${counts.lost} lost`);
  assert.ok(counts.duplicated > 50 && counts.duplicated < 120, `${counts.duplicated} duplicated`);
  assert.equal(counts.delivered, 1000 - counts.lost + counts.duplicated);
  const times = order.map((text) => Number(text.split("@")[1]));
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
  assert.notDeepEqual(
    order.map((text) => text.split("@")[0]),
    order.toSorted().map((text) => text.split("@")[0]),
  );
  assert.deepEqual(run(7).order, order);
  assert.notDeepEqual(run(8).order, order);
});

test("PacketNetwork keeps groups apart, also what is under way, until it is healed", () => {
  const network = new PacketNetwork({ random: seeded(1) });
  network.send("a", "b", Uint8Array.of(1), 0);
  network.partition([["a"]]);
  assert.deepEqual(network.arrivals(5), []);
  network.send("a", "b", Uint8Array.of(2), 5);
  network.send("b", "c", Uint8Array.of(3), 5);
  assert.deepEqual(
    network.arrivals(10).map(({ bytes }) => bytes[0]),
    [3],
  );
  network.heal();
  network.send("a", "b", Uint8Array.of(4), 10);
  assert.equal(network.nextArrival(), 11);
  assert.deepEqual(
    network.arrivals(11).map(({ bytes }) => bytes[0]),
    [4],
  );
  assert.equal(network.counts.partitioned, 2);
});

test("PacketNetwork slows a host, copies what is sent, and has caps", () => {
  const network = new PacketNetwork({ random: seeded(1), sizeBytesMax: 2, packetsMax: 2 });
  network.slow("b", 100);
  const bytes = Uint8Array.of(1);
  network.send("a", "b", bytes, 0);
  bytes[0] = 9;
  assert.equal(network.nextArrival(), 101);
  network.send("a", "c", new Uint8Array(3), 0);
  network.send("a", "c", new Uint8Array(2), 0);
  network.send("a", "c", new Uint8Array(2), 0);
  assert.deepEqual([network.counts.oversize, network.counts.overflow], [1, 1]);
  assert.deepEqual(
    network.arrivals(200).map((packet) => packet.bytes[0]),
    [0, 1],
  );
});
