// The fleet on a virtual clock, with a real DTLS server behind the simulated NAT: pace, loss, moves, sleep, new sessions.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SeededRandom } from "@coracle/base";
import { SimulatedService } from "../../testing/simulated-service.ts";
import { FleetTally } from "./fleet-tally.ts";
import { nothingText, progressLine, resultLines } from "./fleet-report.ts";

const CON = { confirmable: true, ackTimeoutMs: 2000, retransmissionsMax: 4, answerTimeoutMs: 10_000 };

describe("a fleet", () => {
  it("asks at its rate, and every request is answered once", () => {
    const service = new SimulatedService({ seed: 1 });
    const { counts, codes, request, handshake } = service.run(60_000);
    assert.equal(service.isFinished, true);
    assert.deepEqual([counts.requests, counts.answered, counts.lost, counts.retransmissions], [200, 200, 0, 0]);
    assert.deepEqual(codes, { "2.05": 200 });
    assert.equal(counts.handshakes, 10);
    assert.ok((request?.p50 ?? 0) >= 0.004 && (request?.max ?? 1) <= 0.02);
    assert.ok((handshake?.p50 ?? 0) > 0.01);
    // 200 requests, 50 a second.
    const elapsedMs = service.clock.now();
    assert.ok(elapsedMs >= 4000 && elapsedMs < 4600, `${elapsedMs}`);
  });

  it("without a rate asks again as soon as it is answered, until its time is over", () => {
    const service = new SimulatedService({
      seed: 2,
      fleet: { rate: undefined, requests: undefined, durationMs: 5000 },
    });
    const { counts } = service.run(60_000);
    assert.equal(service.isFinished, true);
    assert.ok(counts.answered > 3000, `${counts.answered}`);
    assert.equal(counts.answered, counts.requests);
  });

  it("loses nothing behind a NAT that rebinds each second, without a retransmission that is not due to it", () => {
    const service = new SimulatedService({
      seed: 3,
      fleet: { requests: 1000, rate: 100 },
      nat: { rebindEveryMs: 1000, lingerMs: 200 },
    });
    const { counts } = service.run(120_000);
    assert.deepEqual([counts.answered, counts.lost, counts.retransmissions, counts.handshakes], [1000, 0, 0, 10]);
    assert.ok(service.nat.counts.rebinds >= 90, `${service.nat.counts.rebinds}`);
  });

  it("moves its devices between requests: nothing is repeated, and nobody connects anew", () => {
    const service = new SimulatedService({ seed: 4, fleet: { requests: 1000, rate: 100, rebindEveryMs: 500 } });
    const { counts } = service.run(120_000);
    assert.deepEqual([counts.answered, counts.lost, counts.retransmissions, counts.handshakes], [1000, 0, 0, 10]);
    assert.ok(counts.rebinds > 150, `${counts.rebinds}`);
  });

  it("repeats confirmable requests over a network that loses a tenth", () => {
    const { counts } = new SimulatedService({ seed: 5, lossRate: 0.1 }).run(600_000);
    assert.equal(counts.answered + counts.lost, 200);
    assert.ok(counts.retransmissions > 40, `${counts.retransmissions}`);
    assert.ok(counts.lost <= 2, `${counts.lost}`);
  });

  it("loses nothing where datagrams come twice, late, out of order and not at all; the server counts copies as replays", () => {
    const service = new SimulatedService({
      seed: 12,
      lossRate: 0.02,
      fleet: { requests: 1000, rate: 100 },
      nat: { rebindEveryMs: 1000, lingerMs: 500 },
      faults: { duplicate: 0.2, reorder: 0.2, reorderBy: 1, reorderHoldMs: 40, delayMs: 5, jitterMs: 20 },
    });
    const { counts } = service.run(300_000);
    assert.equal(service.isFinished, true);
    assert.deepEqual([counts.answered, counts.lost, counts.sessionsClosed], [1000, 0, 0], JSON.stringify(counts));
    const { duplicated, heldBack, delayed, overtaken } = service.path.counts;
    assert.ok(
      duplicated > 400 && heldBack > 400 && delayed > 1500 && overtaken > 40,
      JSON.stringify(service.path.counts),
    );
    const { dropReplayed = 0, dropBadMac, dropUnknownCid, sessionsEvicted } = service.serverCounts;
    // Half of the copies were answers; of those to the server some were lost.
    assert.ok(dropReplayed > 150 && dropReplayed < duplicated, `${dropReplayed} of ${duplicated}`);
    assert.deepEqual([dropBadMac, dropUnknownCid, sessionsEvicted], [0, 0, 0]);
  });

  it("repeats nothing that is not confirmable, and counts it as lost after its time", () => {
    const coap = { ...CON, confirmable: false, answerTimeoutMs: 1000 };
    const { counts } = new SimulatedService({ seed: 6, lossRate: 0.05, fleet: { coap } }).run(600_000);
    assert.equal(counts.retransmissions, 0);
    assert.ok(counts.lost > 5, `${counts.lost}`);
    assert.equal(counts.answered + counts.lost, 200);
  });

  it("takes answers that come in messages of their own, and acknowledges them", () => {
    const { counts } = new SimulatedService({ seed: 7, isSeparate: true }).run(60_000);
    assert.deepEqual([counts.answered, counts.retransmissions], [200, 0]);
  });

  it("sleeps so long that the NAT forgets it, and goes on with the same session", () => {
    const service = new SimulatedService({
      seed: 8,
      fleet: { rate: undefined, requests: 100, sleepMs: 40_000, sleepAfter: 2 },
    });
    const { counts } = service.run(600_000);
    assert.deepEqual([counts.answered, counts.handshakes, counts.retransmissions], [100, 10, 0]);
    assert.ok(service.nat.counts.natTimeouts >= 40, `${service.nat.counts.natTimeouts}`);
  });

  it("connects anew after so many requests, resuming if told", () => {
    for (const resume of [false, true]) {
      const fleet = { rate: undefined, requests: 100, reconnectAfter: 2, resume };
      const { counts } = new SimulatedService({ seed: 9, fleet }).run(60_000);
      assert.equal(counts.answered, 100);
      assert.ok(counts.handshakes >= 49, `${counts.handshakes}`);
      assert.equal(counts.resumed, resume ? counts.handshakes - 10 : 0);
    }
  });

  it("gives up a handshake that takes too long, and begins it anew", () => {
    const fleet = { count: 20, requests: 40, handshakeTimeoutMs: 100 };
    // Whoever waits for a repeated flight waits a second.
    const { counts, failures } = new SimulatedService({ seed: 12, lossRate: 0.2, fleet }).run(600_000);
    assert.ok((failures["timeout"] ?? 0) >= 5, JSON.stringify(failures));
    assert.ok(counts.handshakes >= 20, `${counts.handshakes}`);
    assert.equal(counts.answered + counts.lost, 40);
  });

  it("counts handshakes that fail, tries them again at its rate, and ends when its time is over", () => {
    const fleet = { count: 3, durationMs: 300_000 };
    const service = new SimulatedService({ seed: 10, isWrongKey: true, fleet });
    const { counts, failures } = service.run(900_000);
    assert.equal(service.isFinished, true);
    assert.deepEqual([counts.handshakes, counts.requests], [0, 0]);
    assert.ok(counts.handshakesFailed >= 6, `${counts.handshakesFailed}`);
    assert.equal(
      Object.values(failures).reduce((sum, each) => sum + each, 0),
      counts.handshakesFailed,
    );
    assert.ok(counts.late > 10_000, `${counts.late}`);
  });
});

describe("the numbers of a run", () => {
  it("tell nodes apart by the first octet of the connection ID, and cap the names they keep", () => {
    const tally = new FleetTally(new SeededRandom(1));
    const answered = { kind: "answered", device: 0, tookMs: 1 } as const;
    for (let code = 0; code < 100; code++) tally.add({ ...answered, code: `code ${code}`, node: code % 3 });
    tally.add({ kind: "lost", device: 0, node: 2 });
    tally.add({ kind: "lost", device: 1, node: undefined });
    const { nodes, codes } = tally.result();
    assert.deepEqual(
      Object.entries(nodes).map(([node, { answered: count, lost }]) => [node, count, lost]),
      [
        ["0", 34, 0],
        ["1", 33, 0],
        ["2", 33, 1],
        ["none", 0, 1],
      ],
    );
    assert.deepEqual([Object.keys(codes).length, codes["other"]], [65, 36]);
  });

  it("of the time since the last line are taken once", () => {
    const tally = new FleetTally(new SeededRandom(1));
    tally.add({ kind: "answered", device: 0, tookMs: 2, code: "2.05", node: 1 });
    assert.equal(tally.takeRecent()?.count, 1);
    assert.equal(tally.takeRecent(), undefined);
  });
});

describe("the words of a run", () => {
  it("say why there was no answer: nobody is there, the key is wrong, or the sessions are of no use", () => {
    const { counts: silent } = new FleetTally(new SeededRandom(1));
    const told = (failures: Readonly<Record<string, number>>, handshakes = 0): string =>
      nothingText("192.0.2.1:5684", { counts: { ...silent, handshakes }, failures });
    assert.match(told({}), /^no session was made: 192\.0\.2\.1:5684 is silent/);
    assert.match(told({ timeout: 3, decryptError: 2 }), /is silent/);
    assert.match(told({ timeout: 1, unknownPskIdentity: 2 }), /ended handshakes, most with unknownPskIdentity$/);
    assert.match(told({}, 4), /^nothing was answered: 192\.0\.2\.1:5684 made sessions/);
  });

  it("have rates since the moment before, and percentiles", () => {
    const service = new SimulatedService({ seed: 1 });
    const result = service.run(60_000);
    const before = { ...result.counts, answered: 100 };
    const line = progressLine({
      elapsedMs: 4000,
      sinceMs: 2000,
      counts: result.counts,
      before,
      established: 10,
      devices: 10,
      recent: result.request,
    });
    assert.match(
      line,
      /^4 s {2}10\/10 connected {2}50 requests\/s {2}0 handshakes\/s {2}p50 \d+\.\d\d ms p99 \d+\.\d\d ms {2}200 answered/,
    );
    const [first = "", latency = ""] = resultLines(result, 4000);
    assert.match(first, /^requests {4}200, 200 answered \(50\/s\), 0 lost, 0 retransmitted \(0\.00 %\)/);
    assert.match(latency, /p50 \d+\.\d\d ms, p95 .*, p99 .*, most /);
  });
});
