// How many workers there are: by cores, by what is asked for, and by limits that each has a part of.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SeededRandom } from "@coracle/base";
import { sharedLimits } from "../io/open-sessions.ts";
import { flowHome } from "./datagram-home.ts";
import { shareOf } from "./share.ts";
import {
  HELD_PART_MIN,
  PASSING_PART_MIN,
  type WorkerCount,
  workerCount,
  type WorkerCountFacts,
} from "./worker-count.ts";

const DEFAULTS = {
  sessionsMax: 150_000,
  handshakesMax: 5000,
  handshakesPerSecond: 2000,
  upstreamPortsMax: 10_000,
  upstream: { kind: "coap" },
} as const;
const UDP = { kind: "udp", host: "127.0.0.1", port: 5683 } as const;
const WORKERS_MAX = 64;

function count(
  limits: Partial<Parameters<typeof sharedLimits>[0]>,
  facts: Partial<WorkerCountFacts> = { asked: WORKERS_MAX },
): WorkerCount {
  const all = sharedLimits({ ...DEFAULTS, ...limits });
  return workerCount({ asked: undefined, cores: 2, oneBecause: undefined, limits: all, ...facts });
}

describe("the number of workers", () => {
  it("is one fewer than cores, at least one and at most sixteen", () => {
    const counts = [1, 2, 3, 8, 128].map((cores) => count({}, { cores }));
    assert.deepEqual(
      counts.map((each) => each.count),
      [1, 1, 2, 7, 16],
    );
    assert.ok(counts.every(({ reason }) => reason === undefined));
  });

  it("is what is asked for, up to the most that can be, with limits that nobody has changed", () => {
    assert.deepEqual(count({ upstream: UDP }), { count: WORKERS_MAX, reason: undefined });
  });

  it("is one where there can be only one, and says why", () => {
    assert.deepEqual(count({}, { asked: 4, oneBecause: "five bytes" }), { count: 1, reason: "five bytes" });
    assert.deepEqual(count({}, { asked: 1, oneBecause: "five bytes" }), { count: 1, reason: undefined });
  });

  for (const [flag, name, partMin] of [
    ["--sessions-max", "sessionsMax", HELD_PART_MIN],
    ["--handshakes-max", "handshakesMax", PASSING_PART_MIN],
    ["--handshakes-per-second", "handshakesPerSecond", PASSING_PART_MIN],
    ["--upstream-ports-max", "upstreamPortsMax", HELD_PART_MIN],
  ] as const) {
    it(`leaves no worker a part of ${flag} that is too small, whatever is asked for`, () => {
      for (const total of [1, 2, partMin - 1, partMin, 2 * partMin - 1, 2 * partMin, 5 * partMin + 3]) {
        for (const asked of [1, 2, 3, 4, 7, WORKERS_MAX]) {
          const { count: workers, reason } = count({ upstream: UDP, [name]: total }, { asked });
          const parts = Array.from({ length: workers }, (_, worker) => shareOf(total, worker, workers));
          assert.ok(workers === 1 ? parts[0] === total : Math.min(...parts) >= partMin, `${total} over ${workers}`);
          assert.equal(reason === undefined, workers === asked);
          if (reason !== undefined) assert.ok(reason.includes(`${flag} of at least ${partMin}, and that is ${total}`));
        }
      }
    });
  }

  it("does not follow from ports towards an upstream that there is none of", () => {
    assert.equal(count({ upstreamPortsMax: 2 }).count, WORKERS_MAX);
  });
});

describe("the least part of a limit", () => {
  it("is such that of as many devices as the limit allows few find their worker full", () => {
    const random = new SeededRandom(1);
    for (const workers of [2, 4, 16]) {
      const total = workers * HELD_PART_MIN;
      let refused = 0;
      for (let round = 0; round < 20; round++) {
        const free = Array.from({ length: workers }, (_, worker) => shareOf(total, worker, workers));
        for (let device = 0; device < total; device++) {
          const home = flowHome(random.uint32(), random.uint32() & 0xffff, workers);
          const left = free[home] ?? 0;
          if (left === 0) refused++;
          else free[home] = left - 1;
        }
      }
      assert.ok(refused / (20 * total) < 0.05, `${refused} of ${20 * total} with ${workers} workers`);
    }
  });
});
