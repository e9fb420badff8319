// The queue before the program on a virtual clock: bursts together, failures again, the newest state at last, and never too much.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { millis, SeededRandom } from "@coracle/base";
import { HookQueue, type HookQueueOptions } from "./hook-queue.ts";
import type { NodeChange } from "./node-change.ts";

function change(number: number): NodeChange {
  return {
    number,
    event: { kind: "ready" },
    current: { self: { nodeId: 1, ready: true, mode: "plain", notReady: null }, nodes: [] },
  };
}

/** A queue with a clock, and a program that a test plays. */
class Played {
  readonly queue: HookQueue;
  nowMs = 0;

  constructor(options: Partial<HookQueueOptions> = {}) {
    const random = new SeededRandom(1);
    this.queue = new HookQueue({ waitingMax: 4, settleMs: 200, attemptsMax: 3, random, ...options });
  }

  push(...numbers: readonly number[]): void {
    for (const number of numbers) this.queue.push(change(number), millis(this.nowMs));
  }

  /** Lets time pass until the program would start; what it reads, and how many were left out before. */
  start(): { readonly told: readonly number[]; readonly missed: number } | undefined {
    const at = this.queue.nextTimeout();
    if (at === undefined) return undefined;
    assert.equal(this.queue.take(millis(at - 1)), undefined);
    this.nowMs = at;
    const job = this.queue.take(at);
    return job && { told: job.changes.map(({ number }) => number), missed: job.missed };
  }

  end(succeeded: boolean): void {
    this.queue.ended(succeeded, millis(this.nowMs));
  }
}

describe("the queue before the program", () => {
  it("tells a burst at once, a while after its first change", () => {
    const played = new Played();
    played.push(1);
    played.nowMs = 150;
    played.push(2, 3);
    assert.deepEqual(played.start(), { told: [1, 2, 3], missed: 0 });
    assert.equal(played.nowMs, 200);
  });

  it("runs one at a time; what comes meanwhile is told together afterwards", () => {
    const played = new Played();
    played.push(1);
    played.start();
    played.push(2, 3);
    assert.equal(played.start(), undefined);
    played.end(true);
    assert.deepEqual(played.start(), { told: [2, 3], missed: 0 });
    played.end(true);
    assert.equal(played.start(), undefined);
  });

  it("leaves out the oldest when it is full, and says how many", () => {
    const played = new Played();
    played.push(1, 2, 3, 4, 5, 6, 7);
    assert.equal(played.queue.waiting, 4);
    assert.deepEqual(played.start(), { told: [4, 5, 6, 7], missed: 3 });
    played.end(true);
    played.push(8);
    assert.deepEqual(played.start(), { told: [8], missed: 0 });
    assert.equal(played.queue.counts.leftOut, 3);
  });

  it("tells a program that failed again, with what came since, after longer and longer pauses", () => {
    const played = new Played();
    played.push(1);
    played.start();
    played.push(2);
    played.end(false);
    const failedAt = played.nowMs;
    assert.deepEqual(played.start(), { told: [1, 2], missed: 0 });
    const first = played.nowMs - failedAt;
    played.end(false);
    assert.deepEqual(played.start(), { told: [1, 2], missed: 0 });
    assert.ok(first >= 1000 && first < 1500, `${first}`);
    assert.ok(played.nowMs - failedAt - first >= 2000, `${played.nowMs}`);
    played.end(true);
    assert.deepEqual([played.start(), played.queue.counts], [undefined, { leftOut: 0, givenUp: 0 }]);
  });

  it("gives up after so many failures, and begins anew with the next change", () => {
    const played = new Played();
    played.push(1);
    for (let attempt = 1; attempt <= 3; attempt++) {
      assert.deepEqual(played.start()?.told, [1]);
      played.end(false);
    }
    assert.deepEqual([played.start(), played.queue.counts.givenUp], [undefined, 1]);
    played.push(2);
    for (let attempt = 1; attempt <= 3; attempt++) {
      assert.deepEqual(played.start()?.told, [2]);
      played.end(false);
    }
    assert.equal(played.queue.counts.givenUp, 2);
  });

  it("tells the newest change at last, whatever fails and however many come", () => {
    const random = new SeededRandom(2);
    const played = new Played({ attemptsMax: 1000 });
    let [number, lastTold] = [0, 0];
    for (let step = 0; step < 5000; step++) {
      if (random.next() < 0.6) played.push(++number);
      else if (played.start() !== undefined) played.end(random.next() < 0.3);
      assert.ok(played.queue.waiting <= 4);
    }
    played.push(++number);
    for (let job = played.start(); job !== undefined; job = played.start()) {
      lastTold = job.told.at(-1) ?? 0;
      played.end(random.next() < 0.5);
    }
    assert.equal(lastTold, number);
  });
});
