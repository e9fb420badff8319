// How many workers there are: by cores, by what is asked for, and by limits that each has a part of.
import assert from "node:assert/strict";
import { it } from "node:test";
import { workerCount } from "./open-sessions.ts";

const CONFIG = {
  workers: undefined,
  cidSize: 6,
  sessionsMax: 1000,
  handshakesMax: 1000,
  handshakesPerSecond: 1000,
  upstreamPortsMax: 1000,
  upstream: { kind: "coap" },
} as const;
const UDP = { kind: "udp", host: "127.0.0.1", port: 5683 } as const;

it("one worker fewer than cores, at least one and at most sixteen", () => {
  const counts = [1, 2, 3, 8, 128].map((cores) => workerCount(CONFIG, cores));
  assert.deepEqual(
    counts.map(({ count }) => count),
    [1, 1, 2, 7, 16],
  );
  assert.ok(counts.every(({ reason }) => reason === undefined));
});

it("as many as asked for, unless a limit is smaller, which is told", () => {
  assert.deepEqual(workerCount({ ...CONFIG, workers: 40 }, 2), { count: 40, reason: undefined });
  const few = [
    { cidSize: 5, expected: 1, reason: /5 bytes/ },
    { sessionsMax: 3, expected: 3, reason: /sessions-max/ },
    { handshakesMax: 2, expected: 2, reason: /handshakes-max/ },
    { handshakesPerSecond: 4, expected: 4, reason: /handshakes-per-second/ },
    { upstreamPortsMax: 2, upstream: UDP, expected: 2, reason: /upstream-ports-max/ },
  ];
  for (const { expected, reason, ...config } of few) {
    const chosen = workerCount({ ...CONFIG, ...config, workers: 8 }, 2);
    assert.equal(chosen.count, expected);
    assert.match(chosen.reason ?? "", reason);
  }
  assert.equal(workerCount({ ...CONFIG, upstreamPortsMax: 2, workers: 8 }, 2).count, 8, "no ports, no limit");
});
