// What a server looks at in one datagram, and holds back for one handshake: no more than its caps, each drop counted.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "@coracle/base";
import { systemCrypto as crypto } from "./io/mod.ts";
import { DATAGRAM_RECORDS_MAX, DtlsClient, DtlsServer } from "./mod.ts";
import { LossyPair } from "./testing/lossy-pair.ts";

const psk = { identity: Uint8Array.of(1), key: new Uint8Array(16).fill(9) };

/** A server that has sent its flight to a client at "a" whose answer does not come. */
function pending(): LossyPair {
  const random = new SeededRandom(1);
  const pair = new LossyPair(new DtlsServer({ crypto, random, psk: () => psk.key }), random);
  pair.connect("a", new DtlsClient({ crypto, random: new SeededRandom(2), psk }));
  pair.run({ durationMs: 100, until: () => pair.server.handshakeCount === 1 });
  return pair;
}

/** A record of epoch 1 that nobody has keys for yet. */
function protectedRecord(sequence: number, sizeBytes = 40): Uint8Array {
  const record = new Uint8Array(13 + sizeBytes).fill(0xaa);
  record.set([23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, sequence, sizeBytes >>> 8, sizeBytes & 255]);
  return record;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

test("of a datagram with more than sixteen records the rest is ignored and counted once", () => {
  const pair = pending();
  const records = Array.from({ length: DATAGRAM_RECORDS_MAX + 5 }, (_, index) => protectedRecord(index));
  pair.tellServer({ kind: "datagram", peer: "stranger", bytes: concat(records.slice(0, DATAGRAM_RECORDS_MAX)) });
  assert.deepEqual(
    [pair.server.counters.dropUnknownPeer, pair.server.counters.dropTooManyRecords],
    [DATAGRAM_RECORDS_MAX, 0],
  );
  pair.tellServer({ kind: "datagram", peer: "stranger", bytes: concat(records) });
  assert.deepEqual(
    [pair.server.counters.dropUnknownPeer, pair.server.counters.dropTooManyRecords],
    [2 * DATAGRAM_RECORDS_MAX, 1],
  );
});

test("an empty datagram is malformed", () => {
  const pair = pending();
  pair.tellServer({ kind: "datagram", peer: "stranger", bytes: new Uint8Array(0) });
  assert.equal(pair.server.counters.dropMalformed, 1);
});

test("four records are held back until there are keys, more are dropped", () => {
  const pair = pending();
  for (let sequence = 0; sequence < 7; sequence++) {
    pair.tellServer({ kind: "datagram", peer: "a", bytes: protectedRecord(sequence) });
  }
  assert.deepEqual([pair.server.counters.recordsHeldBack, pair.server.counters.dropEarly], [4, 3]);
});

test("eight kilobytes are held back, more are dropped", () => {
  const pair = pending();
  for (let sequence = 0; sequence < 3; sequence++) {
    pair.tellServer({ kind: "datagram", peer: "a", bytes: protectedRecord(sequence, 4000) });
  }
  assert.deepEqual([pair.server.counters.recordsHeldBack, pair.server.counters.dropEarly], [2, 1]);
});

test("plain records of a handshake under way are counted as such, those of nobody as of an unknown peer", () => {
  const pair = pending();
  const before = pair.server.counters.recordsPlain;
  const changeCipherSpec = Uint8Array.of(20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 1);
  const warning = Uint8Array.of(21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 1, 90);
  for (const peer of ["a", "stranger"]) {
    for (const bytes of [changeCipherSpec, warning]) pair.tellServer({ kind: "datagram", peer, bytes });
  }
  const { recordsPlain, dropUnknownPeer, dropUnexpected } = pair.server.counters;
  assert.deepEqual([recordsPlain - before, dropUnknownPeer, dropUnexpected], [2, 1, 1]);
});
