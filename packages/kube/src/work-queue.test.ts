// The work queue on a virtual clock: one key at a time, backoff and its cap, waking, order, totals.
import assert from "node:assert/strict";
import { test } from "node:test";
import { millis, randomInteger, SeededRandom } from "@coracle/base";
import { DueHeap } from "./due-heap.ts";
import { WorkQueue } from "./work-queue.ts";

const at = millis;

test("a key is in the queue once, and again after the work when it came in meanwhile", () => {
  const queue = new WorkQueue({ backoffMs: 200, backoffMsMax: 1000 });
  for (const key of ["a", "b", "a"]) queue.add(key, at(0));
  assert.equal(queue.take(at(1)), "a");
  queue.add("a", at(2));
  queue.add("a", at(2));
  assert.deepEqual([queue.take(at(3)), queue.take(at(3))], ["b", undefined], "a is worked on already");
  queue.done("a", at(4));
  assert.deepEqual([queue.take(at(4)), queue.take(at(4))], ["a", undefined]);
});

test("backoff doubles from 200 ms to its cap, starts over when forgotten, and an add does not wait for it", () => {
  const queue = new WorkQueue({ backoffMs: 200, backoffMsMax: 1000 });
  let now = 0;
  const waits: number[] = [];
  for (let round = 0; round < 5; round++) {
    queue.retry("a", at(now));
    const due = queue.nextTimeout() ?? at(-1);
    waits.push(due - now);
    assert.equal(queue.take(at(due - 1)), undefined);
    assert.equal(queue.take(due), "a");
    now = due;
    queue.done("a", at(now));
  }
  assert.deepEqual(waits, [200, 400, 800, 1000, 1000]);
  for (let round = 0; round < 2000; round++) queue.retry("a", at(now));
  assert.deepEqual(queue.nextTimeout(), at(now + 1000), "no overflow after many failures");
  queue.add("a", at(now));
  assert.equal(queue.take(at(now)), "a");
  queue.done("a", at(now));
  assert.equal(queue.nextTimeout(), undefined, "the add took the place of the backoff");
  queue.forget("a");
  queue.retry("a", at(now));
  assert.equal(queue.nextTimeout(), at(now + 200));
});

test("observers and state tell depth, waiting, working and retries", () => {
  const told: string[] = [];
  const queue = new WorkQueue({
    backoffMs: 200,
    backoffMsMax: 1000,
    observer: {
      added: () => told.push("added"),
      started: (ms) => told.push(`started ${ms}`),
      finished: (ms) => told.push(`finished ${ms}`),
      retried: () => told.push("retried"),
    },
  });
  queue.add("a", at(0));
  queue.add("a", at(1));
  queue.add("b", at(1));
  queue.take(at(5));
  queue.take(at(6));
  assert.deepEqual(queue.state(at(10)), { depth: 0, processing: 2, delayed: 0, unfinishedMs: 9, longestMs: 5 });
  queue.retry("a", at(10));
  queue.done("a", at(10));
  assert.deepEqual([...queue.delayed()], [{ key: "a", failures: 1, dueAt: 210 }]);
  assert.deepEqual(told, ["added", "added", "started 5", "started 5", "retried", "finished 5"]);
});

test("thousands of keys come out in order of arrival, also while more come in", () => {
  const queue = new WorkQueue({ backoffMs: 200, backoffMsMax: 1000 });
  let added = 0;
  let taken = 0;
  for (let round = 0; round < 40; round++) {
    for (let count = 0; count < 300; count++) queue.add(`k${added++}`, at(round));
    for (let count = 0; count < 250; count++) {
      assert.equal(queue.take(at(round)), `k${taken}`);
      queue.done(`k${taken++}`, at(round));
    }
  }
  while (taken < added) assert.equal(queue.take(at(99)), `k${taken++}`);
  assert.equal(queue.take(at(99)), undefined);
  assert.equal(queue.state(at(99)).depth, 0);
});

test("due heap: random puts, removals and takes come out in order of time, in bounded memory", () => {
  const random = new SeededRandom(9);
  const heap = new DueHeap();
  const model = new Map<string, number>();
  for (let step = 0; step < 5000; step++) {
    const key = `k${randomInteger(random, 0, 30)}`;
    const dueAt = randomInteger(random, 0, 1000);
    const dice = random.next();
    if (dice < 0.6) {
      heap.put(key, at(dueAt));
      model.set(key, dueAt);
    } else if (dice < 0.8) {
      heap.remove(key);
      model.delete(key);
    } else {
      const least = Math.min(...model.values());
      const taken = heap.take(at(dueAt));
      if (least > dueAt) assert.equal(taken, undefined);
      else assert.equal(model.get(taken ?? ""), least);
      model.delete(taken ?? "");
    }
    assert.equal(heap.size, model.size);
    assert.equal(heap.next(), model.size === 0 ? undefined : Math.min(...model.values()));
  }
});

test("keys beyond the cap are refused and counted; known ones and those that come back are not", () => {
  const queue = new WorkQueue({ backoffMs: 200, backoffMsMax: 1000, keysMax: 3 });
  for (const key of ["a", "b", "c", "d", "a"]) queue.add(key, at(0));
  assert.deepEqual(queue.totals(), { added: 3, retried: 0, refused: 1 });
  assert.equal(queue.take(at(0)), "a");
  queue.add("a", at(1));
  queue.add("e", at(1));
  assert.equal(queue.take(at(1)), "b");
  queue.retry("b", at(1));
  queue.done("b", at(1));
  queue.add("f", at(1));
  assert.deepEqual([queue.take(at(201)), queue.take(at(201))], ["c", "b"]);
  queue.done("b", at(202));
  queue.forget("b");
  queue.add("g", at(202));
  assert.equal(queue.take(at(202)), "g");
  assert.deepEqual(queue.totals(), { added: 6, retried: 1, refused: 3 });
});

test("what was added during work that fails waits for the backoff where it is told to, and only then", () => {
  for (const delaysAdded of [true, false]) {
    const queue = new WorkQueue({ backoffMs: 200, backoffMsMax: 1000, delaysAdded });
    queue.add("a", at(0));
    queue.take(at(0));
    queue.add("a", at(10));
    queue.retry("a", at(20));
    queue.done("a", at(20));
    assert.equal(queue.take(at(20)), delaysAdded ? undefined : "a");
    assert.equal(queue.nextTimeout(), delaysAdded ? at(220) : undefined);
    assert.equal(queue.take(at(220)), delaysAdded ? "a" : undefined);
  }
});

test("no key is lost and none is worked on twice at once, whatever happens", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = new SeededRandom(seed);
    const queue = new WorkQueue({ backoffMs: 200, backoffMsMax: 1000, delaysAdded: seed % 2 === 0 });
    const running = new Set<string>();
    const dirty = new Set<string>();
    let now = 0;
    const start = (): void => {
      while (running.size < 3) {
        const key = queue.take(at(now));
        if (key === undefined) return;
        assert.ok(!running.has(key), `seed ${seed}`);
        running.add(key);
        dirty.delete(key);
      }
    };
    const end = (key: string, fails: boolean): void => {
      running.delete(key);
      if (fails) queue.retry(key, at(now));
      else queue.forget(key);
      queue.done(key, at(now));
    };
    for (let step = 0; step < 300; step++) {
      now += randomInteger(random, 0, 100);
      const key = `k${randomInteger(random, 0, 9)}`;
      if (random.next() < 0.5) {
        dirty.add(key);
        queue.add(key, at(now));
      } else if (running.has(key)) {
        const fails = random.next() < 0.3;
        if (fails) dirty.add(key);
        end(key, fails);
      }
      start();
    }
    while (running.size > 0 || dirty.size > 0) {
      now += 2000;
      for (const key of running) end(key, false);
      start();
      assert.ok(now < 1e7, `seed ${seed}: ${[...dirty].join()} lost`);
    }
    assert.equal(queue.state(at(now)).depth, 0);
  }
});
