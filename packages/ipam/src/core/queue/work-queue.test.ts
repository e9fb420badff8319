// Tests of the queue and the runner: one key at a time, backoff and its cap, waking, order, metrics.
import assert from "node:assert/strict";
import { test } from "node:test";
import { millis, randomInteger, SeededRandom } from "@coracle/base";
import { DueHeap } from "./due-heap.ts";
import { type Task, TaskRunner } from "./task-runner.ts";
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

test("the runner keeps to its workers, serialises a key, and rests while inactive", () => {
  const queue = new WorkQueue({ backoffMs: 200, backoffMsMax: 1000 });
  const ends: string[] = [];
  function* work(key: string): Task<string, boolean> {
    const isFine = yield `${key}/1`;
    if (!isFine) return "retry";
    yield `${key}/2`;
    return "done";
  }
  const runner = new TaskRunner<string, boolean>({ queue, workers: 2, start: work, ended: (key) => ends.push(key) });
  for (const key of ["a", "b", "c"]) queue.add(key, at(0));
  assert.equal(runner.poll(at(0)), undefined);
  runner.setActive(true);
  const a = runner.poll(at(0));
  const b = runner.poll(at(0));
  assert.deepEqual([a?.request, b?.request, runner.poll(at(0)), runner.running], ["a/1", "b/1", undefined, 2]);
  queue.add("a", at(1));
  runner.setActive(false);
  runner.answer(a?.id ?? 0, true, at(1));
  const a2 = runner.poll(at(1));
  assert.equal(a2?.request, "a/2", "a task that runs goes on while inactive");
  runner.answer(a2?.id ?? 0, true, at(1));
  runner.answer(b?.id ?? 0, false, at(1));
  assert.deepEqual([ends, runner.poll(at(1)), runner.nextTimeout()], [["a", "b"], undefined, undefined]);
  runner.setActive(true);
  assert.deepEqual([runner.poll(at(1))?.request, runner.poll(at(1))?.request], ["c/1", "a/1"]);
  runner.answer(99, true, at(1));
});
