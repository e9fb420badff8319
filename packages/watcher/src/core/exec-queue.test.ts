// The command queue, the event feed and the difference between two states.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AssertionError, millis } from "@coracle/base";
import { EventFeed, formatServerSentEvent } from "./event-feed.ts";
import { type ExecChange, type ExecOutput, ExecQueue } from "./exec-queue.ts";
import { diffObjects, formatChange } from "./object-diff.ts";

const change = (key: string, payload: string): { kind: "change"; change: ExecChange } => ({
  kind: "change",
  change: { key, kind: "upsert", payload },
});

function drain(queue: ExecQueue): string[] {
  const outputs: string[] = [];
  for (let output: ExecOutput | undefined = queue.poll(); output !== undefined; output = queue.poll()) {
    outputs.push(
      output.kind === "start" ? `start ${output.change.key} ${output.change.payload}` : `kill ${output.key}`,
    );
  }
  return outputs;
}

test("ExecQueue runs at most its concurrency, and never two commands of one object", () => {
  const queue = new ExecQueue({ concurrencyMax: 2, timeoutMs: 100, waitingMax: 10 });
  for (const input of [change("a", "1"), change("a", "2"), change("b", "1"), change("c", "1")])
    queue.handle(input, millis(0));
  assert.deepEqual(drain(queue), ["start a 1", "start b 1"]);
  queue.handle({ kind: "exited", key: "b", code: 0 }, millis(1));
  assert.deepEqual(drain(queue), ["start c 1"]);
  queue.handle({ kind: "exited", key: "a", code: 3 }, millis(2));
  assert.deepEqual(drain(queue), ["start a 2"]);
  assert.equal(queue.counts.failed, 1);
});

test("ExecQueue lets the newest state of a waiting object win", () => {
  const queue = new ExecQueue({ concurrencyMax: 1, timeoutMs: 100, waitingMax: 10 });
  for (const input of [change("a", "1"), change("a", "2"), change("a", "3")]) queue.handle(input, millis(0));
  queue.handle({ kind: "exited", key: "a", code: 0 }, millis(1));
  assert.deepEqual(drain(queue), ["start a 1", "start a 3"]);
  assert.equal(queue.counts.coalesced, 1);
});

test("ExecQueue kills a command at its deadline, once", () => {
  const queue = new ExecQueue({ concurrencyMax: 1, timeoutMs: 100, waitingMax: 10 });
  queue.handle(change("a", "1"), millis(5));
  drain(queue);
  assert.equal(queue.nextTimeout(), 105);
  queue.handle({ kind: "timeout" }, millis(104));
  assert.deepEqual(drain(queue), []);
  queue.handle({ kind: "timeout" }, millis(105));
  assert.deepEqual(drain(queue), ["kill a"]);
  queue.handle({ kind: "timeout" }, millis(300));
  assert.deepEqual(drain(queue), []);
  assert.equal(queue.nextTimeout(), undefined);
  assert.equal(queue.idle, false);
});

test("ExecQueue says when it is full, and asserts past it", () => {
  const queue = new ExecQueue({ concurrencyMax: 1, timeoutMs: 100, waitingMax: 1 });
  queue.handle(change("a", "1"), millis(0));
  queue.handle(change("b", "1"), millis(0));
  assert.equal(queue.full, true);
  queue.handle(change("b", "2"), millis(0));
  assert.throws(() => queue.handle(change("c", "1"), millis(0)), AssertionError);
});

test("EventFeed replays what came after an id and says what it forgot", () => {
  const feed = new EventFeed({ historyMax: 2, listenersMax: 1 });
  for (const data of ["1", "2", "3"]) feed.publish("upsert", data);
  assert.deepEqual(
    feed.resumeAfter(1).entries.map(({ data }) => data),
    ["2", "3"],
  );
  assert.equal(feed.resumeAfter(1).missed, false);
  assert.equal(feed.resumeAfter(0).missed, true);
  assert.equal(feed.resumeAfter(99).missed, true);
  assert.deepEqual(feed.resumeAfter(undefined), { entries: [], missed: false });
});

test("EventFeed bounds its listeners and forgets those that leave", () => {
  const feed = new EventFeed({ historyMax: 2, listenersMax: 1 });
  const seen: string[] = [];
  const stop = feed.listen((entry) => seen.push(entry.data));
  assert.equal(
    feed.listen(() => undefined),
    undefined,
  );
  feed.publish("upsert", "1");
  stop?.();
  feed.publish("upsert", "2");
  assert.deepEqual(seen, ["1"]);
  assert.equal(feed.listeners, 0);
});

test("formatServerSentEvent() never lets data break the frame", () => {
  assert.equal(
    formatServerSentEvent({ id: 7, event: "gap", data: "a\r\nb" }),
    "id: 7\nevent: gap\ndata: a\ndata: b\n\n",
  );
});

test("diffObjects() names changed leaves in order and stops at its cap", () => {
  const before = { metadata: { resourceVersion: "1" }, status: { phase: "Pending", list: [1, 2] }, gone: "x" };
  const after = {
    metadata: { resourceVersion: "2" },
    status: { phase: "Running", list: [1, 3] },
    come: { deep: true },
  };
  assert.deepEqual(
    diffObjects(before, after, 10).map((found) => formatChange(found)),
    ['come ∅ → {"deep":true}', "gone x → ∅", "status.list[1] 2 → 3", "status.phase Pending → Running"],
  );
  assert.equal(diffObjects(before, after, 2).length, 2);
  assert.deepEqual(diffObjects(before, structuredClone(before), 10), []);
});
