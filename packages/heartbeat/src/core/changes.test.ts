// The parts of the heartbeat: the queue before the program, the feed, the forms of a change.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ChangeFeed } from "./change-feed.ts";
import { HookQueue } from "./hook-queue.ts";
import { changeEvent, hookInput, type NodeChange, nodesEvent } from "./node-change.ts";

function change(number: number): NodeChange {
  return {
    number,
    event: { kind: "joined", node: { nodeId: 2, address: "127.0.0.1:5884", rttMs: null } },
    current: { self: { nodeId: 1, ready: true, mode: "plain" }, nodes: [] },
  };
}

describe("the queue before the program", () => {
  it("starts one at a time, in order", () => {
    const queue = new HookQueue({ waitingMax: 4 });
    assert.equal(queue.push(change(1))?.change.number, 1);
    assert.equal(queue.push(change(2)), undefined);
    assert.equal(queue.push(change(3)), undefined);
    assert.equal(queue.waiting, 2);
    assert.deepEqual([queue.ended()?.change.number, queue.ended()?.change.number, queue.ended()], [2, 3, undefined]);
    assert.equal(queue.push(change(4))?.missed, 0);
  });

  it("leaves out the oldest when it is full, and says so once", () => {
    const queue = new HookQueue({ waitingMax: 2 });
    for (let number = 1; number <= 10; number++) queue.push(change(number));
    assert.equal(queue.waiting, 2);
    assert.deepEqual(
      [queue.ended(), queue.ended()].map((job) => [job?.change.number, job?.missed]),
      [
        [9, 7],
        [10, 0],
      ],
    );
    assert.equal(queue.missed, 7);
  });
});

describe("the feed", () => {
  it("takes no more listeners than it may, and drops one that does not keep up", () => {
    const feed = new ChangeFeed({ listenersMax: 2 });
    const seen: string[] = [];
    const stop = feed.listen((event) => seen.push(event) > 0);
    feed.listen(() => false);
    assert.equal(
      feed.listen(() => true),
      undefined,
    );
    feed.publish("a");
    feed.publish("b");
    assert.deepEqual(seen, ["a", "b"]);
    assert.equal(feed.listeners, 1);
    stop?.();
    feed.publish("c");
    assert.equal(seen.length, 2);
    assert.deepEqual(feed.counts, { refused: 1, cutOff: 1 });
  });
});

describe("a change", () => {
  it("is one server-sent event with everyone as they are now", () => {
    const [id, event, data, ...rest] = changeEvent(change(7)).split("\n");
    assert.deepEqual([id, event, rest], ["id: 7", "event: joined", ["", ""]]);
    const parsed = JSON.parse((data ?? "").slice("data: ".length)) as { node: { nodeId: number }; self: object };
    assert.equal(parsed.node.nodeId, 2);
    assert.deepEqual(parsed.self, change(7).current.self);
    assert.match(nodesEvent(change(1).current), /^event: nodes\ndata: \{"self":.*\}\n\n$/);
  });

  it("tells the program what it missed", () => {
    const input = JSON.parse(hookInput(change(7), 3)) as { missed: number; change: { kind: string }; nodes: object[] };
    assert.deepEqual([input.missed, input.change.kind, input.nodes], [3, "joined", []]);
  });
});
