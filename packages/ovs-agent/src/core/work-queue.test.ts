// The work queue on a virtual clock: order, one worker a key, coming back, growing waits, caps.
import assert from "node:assert/strict";
import { test } from "node:test";
import { millis, randomInteger, SeededRandom } from "@coracle/base";
import { WorkQueue } from "./work-queue.ts";

function makeQueue(options: { workersMax?: number; keysMax?: number } = {}): WorkQueue {
  return new WorkQueue({ workersMax: 2, keysMax: 100, retryMs: 200, retryMsMax: 1000, ...options });
}

function started(queue: WorkQueue): string[] {
  const keys: string[] = [];
  for (let start = queue.poll(); start !== undefined; start = queue.poll()) keys.push(start.key);
  return keys;
}

test("keys start in order, as many at once as there are workers, and each key once", () => {
  const queue = makeQueue();
  for (const key of ["a", "b", "a", "c"]) queue.handle({ kind: "add", key }, millis(0));
  assert.deepEqual(started(queue), ["a", "b"]);
  queue.handle({ kind: "ended", key: "b", retry: false }, millis(5));
  // "a" was added again while it was worked on.
  assert.deepEqual(started(queue), ["c"]);
  queue.handle({ kind: "ended", key: "a", retry: false }, millis(6));
  assert.deepEqual(started(queue), ["a"]);
  assert.equal(queue.counts().added, 4);
});

test("waits between retries double up to a limit and begin anew after a success", () => {
  const queue = makeQueue();
  let now = 0;
  queue.handle({ kind: "add", key: "a" }, millis(now));
  const waits: number[] = [];
  for (let attempt = 0; attempt < 5; attempt++) {
    assert.deepEqual(started(queue), ["a"]);
    queue.handle({ kind: "ended", key: "a", retry: true }, millis(now));
    const dueAt = queue.nextTimeout();
    assert.ok(dueAt !== undefined);
    waits.push(dueAt - now);
    now = dueAt;
    queue.handle({ kind: "timeout" }, millis(now));
  }
  assert.deepEqual(waits, [200, 400, 800, 1000, 1000]);
  assert.deepEqual(started(queue), ["a"]);
  queue.handle({ kind: "ended", key: "a", retry: false }, millis(now));
  assert.equal(queue.nextTimeout(), undefined);
  queue.handle({ kind: "add", key: "a" }, millis(now));
  started(queue);
  queue.handle({ kind: "ended", key: "a", retry: true }, millis(now));
  assert.equal(queue.nextTimeout(), now + 200);
});

test("a change does not wait for the retry of what was before", () => {
  const queue = makeQueue();
  queue.handle({ kind: "add", key: "a" }, millis(0));
  started(queue);
  queue.handle({ kind: "ended", key: "a", retry: true }, millis(0));
  queue.handle({ kind: "add", key: "a" }, millis(50));
  assert.deepEqual(started(queue), ["a"]);
  assert.equal(queue.nextTimeout(), undefined);
});

test("keys beyond the cap are refused and counted; known ones are not", () => {
  const queue = makeQueue({ keysMax: 3 });
  for (const key of ["a", "b", "c", "d", "a"]) queue.handle({ kind: "add", key }, millis(0));
  assert.equal(queue.counts().refused, 1);
  started(queue);
  queue.handle({ kind: "ended", key: "b", retry: false }, millis(0));
  queue.handle({ kind: "add", key: "d" }, millis(0));
  assert.equal(queue.counts().refused, 1);
});

test("no key is lost and none is worked on twice at once, whatever happens", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = new SeededRandom(seed);
    const queue = makeQueue({ workersMax: 3 });
    const running = new Set<string>();
    const dirty = new Set<string>();
    let now = 0;
    const drain = (): void => {
      for (const key of started(queue)) {
        assert.ok(!running.has(key), `seed ${seed}`);
        running.add(key);
        dirty.delete(key);
      }
      assert.ok(running.size <= 3);
    };
    for (let step = 0; step < 300; step++) {
      now += randomInteger(random, 0, 100);
      const key = `k${randomInteger(random, 0, 9)}`;
      if (random.next() < 0.5) {
        dirty.add(key);
        queue.handle({ kind: "add", key }, millis(now));
      } else if (running.delete(key)) {
        const retry = random.next() < 0.3;
        if (retry) dirty.add(key);
        queue.handle({ kind: "ended", key, retry }, millis(now));
      } else queue.handle({ kind: "timeout" }, millis(now));
      drain();
    }
    while (running.size > 0 || dirty.size > 0) {
      now += 2000;
      for (const key of running) {
        running.delete(key);
        queue.handle({ kind: "ended", key, retry: false }, millis(now));
        drain();
      }
      queue.handle({ kind: "timeout" }, millis(now));
      drain();
      assert.ok(now < 1e7, `seed ${seed}: ${[...dirty].join()} lost`);
    }
    assert.equal(queue.counts().depth, 0);
  }
});

test("unfinished work is told by age", () => {
  const queue = makeQueue();
  queue.handle({ kind: "add", key: "a" }, millis(0));
  queue.handle({ kind: "add", key: "b" }, millis(100));
  assert.deepEqual(queue.unfinishedMs(millis(300)), { sumMs: 500, longestMs: 300 });
});
