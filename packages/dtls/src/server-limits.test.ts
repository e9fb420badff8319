// A server's bounds and what happens at each: sessions, handshakes, budget, cookies, cipher objects, deadlines, state.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { millis, SeededRandom } from "@coracle/base";
import { CipherPool, type Coolable } from "./connection/cipher-pool.ts";
import { type DeadlineOwner, DeadlineQueue } from "./connection/deadline-queue.ts";
import { HandshakeType } from "./handshake/handshake-header.ts";
import { cookieHint, HmacCookieJar, sharedCookieKeys } from "./handshake/cookie.ts";
import { systemCrypto as crypto } from "./io/mod.ts";
import { DtlsClient, type DtlsClientOptions, DtlsServer, type DtlsServerOptions, RandomCids } from "./mod.ts";
import { HandshakeBudget } from "./server/handshake-budget.ts";
import { RecentHellos } from "./server/recent-hellos.ts";
import { encodeAlert } from "./alert/alert.ts";
import { plainRecord } from "./connection/flight.ts";
import { mirroredSession } from "./testing/mirrored-session.ts";
import { LossyPair, PERFECT_NETWORK } from "./testing/lossy-pair.ts";
import { outputOf, outputsOf } from "./testing/outputs.ts";

const psk = { identity: Uint8Array.of(1), key: new Uint8Array(16).fill(9) };

function makePair(options: Partial<DtlsServerOptions> = {}): LossyPair {
  const random = new SeededRandom(1);
  return new LossyPair(
    new DtlsServer({ crypto, random, psk: () => psk.key, cids: new RandomCids(6), ...options }),
    random,
  );
}

function connect(pair: LossyPair, address: string, options: Partial<DtlsClientOptions> = {}) {
  const random = new SeededRandom(address.charCodeAt(0));
  const outputs = pair.connect(address, new DtlsClient({ crypto, random, psk, cids: new RandomCids(0), ...options }));
  pair.run({ durationMs: 300 });
  return outputs;
}

describe("sessions", () => {
  it("are refused at the cap until one is stale, which then goes", () => {
    const pair = makePair({ limits: { sessionsMax: 2, staleAfterMs: 100_000 } });
    for (const address of ["a", "b", "c"]) connect(pair, address);
    assert.equal(pair.server.sessionCount, 2);
    assert.ok(pair.server.counters.dropSessionsFull > 0);
    pair.run({ durationMs: 200_000 });
    pair.tell("b", { kind: "send", bytes: Uint8Array.of(1) });
    connect(pair, "d");
    assert.equal(pair.server.sessionCount, 2);
    assert.equal(pair.server.counters.sessionsEvicted, 1);
    assert.equal(outputOf(pair.serverOutputs, "closed").cause, "evicted");
    assert.equal(
      outputOf(pair.serverOutputs, "closed").session,
      outputsOf(pair.serverOutputs, "established")[0]?.session,
    );
  });

  it("of one address without an ID are replaced by the newer one", () => {
    const pair = makePair({ cids: undefined });
    connect(pair, "a");
    connect(pair, "a", { random: new SeededRandom(99) });
    assert.equal(pair.server.sessionCount, 1);
    assert.equal(outputOf(pair.serverOutputs, "closed").cause, "replaced");
    pair.tell("a", { kind: "send", bytes: Uint8Array.of(7) });
    pair.run({ durationMs: 50 });
    assert.deepEqual(outputOf(pair.serverOutputs, "data").bytes, Uint8Array.of(7));
  });

  it("can be found by their ID and described without secrets", () => {
    const pair = makePair();
    connect(pair, "a");
    const { session, summary } = outputOf(pair.serverOutputs, "established");
    assert.equal(pair.server.find(summary.ownCid), session);
    assert.equal(pair.server.find(Uint8Array.of(1, 2, 3)), undefined);
    const described = pair.server.describe(session);
    assert.ok(described !== undefined);
    assert.deepEqual([described.peer, described.suite, described.isChecked], ["a", summary.suite, true]);
    assert.equal(pair.server.forget(session), true);
    assert.equal(pair.server.describe(session), undefined);
    assert.equal(pair.server.forget(session), false);
  });

  it("refuse what is too large for a datagram", () => {
    const pair = makePair();
    const outputs = connect(pair, "a");
    pair.tell("a", { kind: "send", bytes: new Uint8Array(1233) });
    assert.equal(outputOf(outputs, "refused").cause, "too-large");
  });

  it("unknown by ID or address are silent and counted", () => {
    const pair = makePair();
    const record = Uint8Array.from([25, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 0, 1, 0]);
    pair.tellServer({ kind: "datagram", peer: "x", bytes: record });
    const plain = Uint8Array.from([23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0]);
    pair.tellServer({ kind: "datagram", peer: "x", bytes: plain });
    const epoch = Uint8Array.from([23, 0xfe, 0xfd, 0, 2, 0, 0, 0, 0, 0, 1, 0, 1, 0]);
    pair.tellServer({ kind: "datagram", peer: "x", bytes: epoch });
    for (const other of [0, 2]) {
      const elsewhere = record.slice();
      elsewhere[4] = other;
      pair.tellServer({ kind: "datagram", peer: "x", bytes: elsewhere });
    }
    const { dropUnknownCid, dropUnknownPeer, dropBadEpoch } = pair.server.counters;
    assert.deepEqual([dropUnknownCid, dropUnknownPeer, dropBadEpoch, pair.sent.length], [1, 1, 3, 0]);
  });

  it("deliver data that overtook the client's Finished, whom no alert in the clear can end any more", () => {
    // Two servers that draw the same: what is learnt at one is true at the other.
    const [known, pair] = [makePair(), makePair()];
    for (const each of [known, pair]) {
      each.connect("a", new DtlsClient({ crypto, random: new SeededRandom(4), psk, cids: new RandomCids(2) }));
    }
    known.run({ durationMs: 100 });
    pair.run({ durationMs: 100, until: () => pair.sent.at(-1)?.bytes[13] === HandshakeType.clientKeyExchange });
    const flight = pair.sent.at(-1)?.bytes ?? new Uint8Array(0);
    pair.setFaults({ ...PERFECT_NETWORK, datagramSizeMax: 0 });
    const keyExchangeEnd = 13 + ((flight[11] ?? 0) << 8) + (flight[12] ?? 0);
    const peer = mirroredSession(crypto, known.server.export(outputOf(known.serverOutputs, "established").session));
    const tell = (bytes: Uint8Array): void => pair.tellServer({ kind: "datagram", peer: "a", bytes });
    const alert = plainRecord({ plainSequence: 90, protection: undefined }, 21, encodeAlert("handshakeFailure"));
    tell(flight.subarray(0, keyExchangeEnd));
    tell(peer.seal(23, Uint8Array.of(8)));
    tell(alert);
    assert.deepEqual([pair.server.handshakeCount, pair.server.counters.dropUnexpected], [1, 1]);
    tell(flight.subarray(keyExchangeEnd));
    assert.deepEqual(
      pair.serverOutputs.map(({ kind }) => kind),
      ["established", "data"],
    );
  });

  it("deliver data that overtook the end of the handshake", () => {
    const pair = makePair();
    const random = new SeededRandom(4);
    const outputs = pair.connect("a", new DtlsClient({ crypto, random, psk, cids: new RandomCids(2) }));
    pair.run({ durationMs: 300, until: () => pair.server.counters.handshakesCompleted > 0 });
    // The server is done and its Finished is on the way; its data arrives first.
    const finished = pair.sent.at(-1)?.bytes ?? new Uint8Array(0);
    pair.setFaults({ ...PERFECT_NETWORK, delayMsMin: 0, delayMsMax: 0 });
    const { session } = outputOf(pair.serverOutputs, "established");
    pair.tellServer({ kind: "send", session, bytes: Uint8Array.of(8) });
    pair.run({ durationMs: 0 });
    assert.equal(outputs.length, 0);
    pair.tell("a", { kind: "datagram", peer: "server", bytes: finished });
    assert.deepEqual(
      outputs.map((output) => output.kind),
      ["established", "data"],
    );
  });
});

describe("handshakes", () => {
  it("in flight are capped, and each ends", () => {
    const pair = makePair({ limits: { handshakesMax: 2 } });
    const clients = ["a", "b", "c"].map((address) => {
      const client = new DtlsClient({ crypto, random: new SeededRandom(address.charCodeAt(0)), psk });
      return pair.connect(address, client);
    });
    pair.run({ durationMs: 100, until: () => pair.server.handshakeCount === 2 });
    pair.run({ durationMs: 1 });
    assert.ok(pair.server.counters.dropHandshakesFull > 0);
    pair.run({ durationMs: 60_000 });
    assert.equal(outputsOf(clients.flat(), "established").length, 3);
    assert.equal(pair.server.handshakeCount, 0);
  });

  it("count as the sessions they may become", () => {
    const pair = makePair({ limits: { sessionsMax: 2, staleAfterMs: 1e9 } });
    for (const address of ["a", "b", "c"]) {
      pair.connect(address, new DtlsClient({ crypto, random: new SeededRandom(address.charCodeAt(0)), psk }));
      pair.run({ durationMs: 100, until: () => pair.server.counters.handshakesStarted > address.charCodeAt(0) - 97 });
      pair.rebind(address, `${address} is gone`);
    }
    assert.deepEqual([pair.server.handshakeCount, pair.server.counters.dropSessionsFull], [2, 1]);
  });

  it("are not begun again by a hello that comes twice, late or early", () => {
    const pair = makePair();
    pair.connect("a", new DtlsClient({ crypto, random: new SeededRandom(4), psk, cids: new RandomCids(2) }));
    pair.run({ durationMs: 100, until: () => pair.server.handshakeCount === 1 });
    const hello = pair.sent.findLast(({ from, bytes }) => from === "a" && bytes[13] === 1)?.bytes;
    assert.ok(hello !== undefined);
    pair.tellServer({ kind: "datagram", peer: "a", bytes: hello });
    pair.run({ durationMs: 100 });
    assert.equal(pair.server.sessionCount, 1);
    pair.tellServer({ kind: "datagram", peer: "a", bytes: hello });
    const { handshakesStarted, dropRepeatedHello } = pair.server.counters;
    assert.deepEqual([handshakesStarted, dropRepeatedHello, pair.server.handshakeCount], [1, 2, 0]);
  });

  it("are given up after their time, however many repetitions are left", () => {
    const timing = { initialMs: 1000, capMs: 1000, countMax: 1000 };
    const pair = makePair({ timing, limits: { handshakeMs: 5500 } });
    pair.connect("a", new DtlsClient({ crypto, random: new SeededRandom(4), psk }));
    pair.run({ durationMs: 100, until: () => pair.server.handshakeCount === 1 });
    pair.rebind("a", "nowhere");
    pair.run({ durationMs: 5400 });
    assert.deepEqual([pair.server.handshakeCount, pair.server.counters.flightsRepeated], [1, 5]);
    pair.run({ durationMs: 200 });
    assert.deepEqual([pair.server.handshakeCount, pair.server.counters.flightsRepeated], [0, 5]);
    assert.equal(outputOf(pair.serverOutputs, "handshake-failed").cause, "timeout");
  });

  it("begin no faster than their budget, whatever records do", () => {
    const pair = makePair({ limits: { handshakeRate: { perSecond: 0.1, burst: 1 } } });
    connect(pair, "a");
    connect(pair, "b");
    assert.equal(pair.server.counters.dropHandshakeBudget, 1);
    pair.tell("a", { kind: "send", bytes: Uint8Array.of(1) });
    pair.run({ durationMs: 20 });
    assert.equal(outputsOf(pair.serverOutputs, "data").length, 1);
    pair.run({ durationMs: 40_000 });
    assert.equal(pair.server.sessionCount, 2);
    const budget = new HandshakeBudget({ perSecond: 10, burst: 2 });
    assert.deepEqual(
      [0, 0, 0, 50, 100].map((at) => budget.take(millis(at))),
      [true, true, false, false, true],
    );
    // However long it was quiet, no more begin at once than the burst.
    assert.deepEqual(
      [60_000, 60_000, 60_000].map((at) => budget.take(millis(at))),
      [true, true, false],
    );
  });

  it("remember hellos within a bound and for a while", () => {
    const recent = new RecentHellos(2);
    for (const peer of ["a", "b", "c"]) recent.remember(peer, new Uint8Array(32), millis(0));
    assert.deepEqual(
      ["a", "b", "c"].map((peer) => recent.has(peer, new Uint8Array(32), millis(1))),
      [false, true, true],
    );
    assert.equal(recent.has("c", new Uint8Array(32), millis(240_001)), false);
    recent.remember("d", new Uint8Array(32), millis(500_000));
    assert.equal(recent.size, 1);
  });
});

describe("cookies", () => {
  const secret = new Uint8Array(32).fill(3);
  const periodMs = 60_000;

  it("of one node are taken by another that shares the secret, over a key change and small clock differences", () => {
    const jarAt = (wallMs: number, hint: number) =>
      new HmacCookieJar(crypto, sharedCookieKeys(crypto, secret, { wallMs, periodMs }), hint);
    const pairs = [119_000, 121_000, 150_000].map((wallMs, index) => makePair({ cookies: jarAt(wallMs, index) }));
    const [first, second] = pairs;
    assert.ok(first !== undefined && second !== undefined);
    first.connect("a", new DtlsClient({ crypto, random: new SeededRandom(5), psk }));
    first.run({ durationMs: 100, until: () => first.sent.length === 3 });
    const hello = first.sent[2]?.bytes ?? new Uint8Array(0);
    second.tellServer({ kind: "datagram", peer: "a", bytes: hello });
    assert.equal(second.server.handshakeCount, 1);
    second.tellServer({ kind: "datagram", peer: "b", bytes: hello });
    assert.equal(second.server.counters.dropBadCookie, 1);
    // The other way round: the one whose clock is behind takes the cookie of the one ahead.
    const ahead = makePair({ cookies: jarAt(121_000, 1) });
    ahead.connect("a", new DtlsClient({ crypto, random: new SeededRandom(6), psk }));
    ahead.run({ durationMs: 100, until: () => ahead.sent.length === 3 });
    const behind = makePair({ cookies: jarAt(119_000, 0) });
    behind.tellServer({ kind: "datagram", peer: "a", bytes: ahead.sent[2]?.bytes ?? new Uint8Array(0) });
    assert.equal(behind.server.handshakeCount, 1);
    const late = makePair({ cookies: jarAt(300_000, 0) });
    late.tellServer({ kind: "datagram", peer: "a", bytes: hello });
    assert.deepEqual([late.server.handshakeCount, late.server.counters.dropBadCookie], [0, 1]);
    assert.equal(cookieHint(new Uint8Array(18).fill(4)), 4);
    assert.equal(cookieHint(new Uint8Array(5)), undefined);
  });

  it("of a server on its own live for one to two minutes", () => {
    for (const [waitMs, isTaken] of [
      [30_000, true],
      [90_000, true],
      [300_000, false],
    ] as const) {
      const pair = makePair();
      pair.connect("a", new DtlsClient({ crypto, random: new SeededRandom(5), psk }));
      pair.run({ durationMs: 100, until: () => pair.sent.length === 3 });
      const hello = pair.sent[2]?.bytes ?? new Uint8Array(0);
      pair.setFaults({ ...PERFECT_NETWORK, datagramSizeMax: 0 });
      const fresh = pair.server;
      pair.clock.advance(waitMs);
      const before = fresh.handshakeCount;
      fresh.handle({ kind: "datagram", peer: "a", bytes: hello }, pair.now);
      assert.equal(fresh.handshakeCount - before, isTaken ? 1 : 0, `${waitMs}`);
    }
  });
});

describe("CipherPool", () => {
  it("cools what was not used lately, and never holds more than its capacity", () => {
    const cooled: string[] = [];
    const make = (name: string): Coolable => ({ recentlyUsed: false, cool: () => void cooled.push(name) });
    const pool = new CipherPool(2);
    const [a, b, c] = [make("a"), make("b"), make("c")];
    pool.admit(a);
    pool.admit(b);
    a.recentlyUsed = true;
    pool.admit(c);
    assert.deepEqual([cooled, pool.size, a.recentlyUsed], [["b"], 2, false]);
    pool.release(c);
    pool.release(b);
    assert.equal(pool.size, 1);
  });

  it("lets a cooled session go on", () => {
    const pair = makePair({ limits: { warmSessionsMax: 1 } });
    for (const address of ["a", "b", "c"]) connect(pair, address);
    for (let round = 0; round < 3; round++) {
      for (const address of ["a", "b", "c"]) pair.tell(address, { kind: "send", bytes: Uint8Array.of(round) });
      pair.run({ durationMs: 20 });
    }
    assert.equal(outputsOf(pair.serverOutputs, "data").length, 9);
  });
});

describe("DeadlineQueue", () => {
  it("serves owners in the order of their last deadline and stays small", () => {
    const queue = new DeadlineQueue<DeadlineOwner & { name: number }>();
    const random = new SeededRandom(6);
    const owners = Array.from({ length: 50 }, (_, name) => ({ name, dueAt: undefined }));
    for (let round = 0; round < 5000; round++) {
      const owner = owners[random.uint32() % 50];
      assert.ok(owner !== undefined);
      queue.set(owner, random.next() < 0.2 ? undefined : millis(random.uint32() % 1000));
      assert.ok(queue.size <= 201);
    }
    const expected = owners.map((owner) => owner.dueAt as number | undefined).filter((at) => at !== undefined);
    const served: number[] = [];
    for (let at = queue.next(); at !== undefined; at = queue.next()) {
      served.push(at);
      assert.equal(queue.expire(millis(at - 1)), undefined);
      assert.ok(queue.expire(at) !== undefined);
    }
    assert.deepEqual(
      served,
      expected.sort((a, b) => a - b),
    );
  });
});
