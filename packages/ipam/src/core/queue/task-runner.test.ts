// The runner of tasks on a virtual clock.
import assert from "node:assert/strict";
import { test } from "node:test";
import { millis } from "@coracle/base";
import { WorkQueue } from "@coracle/kube";
import { type Task, TaskRunner } from "./task-runner.ts";

const at = millis;

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
