// The parts of the heartbeat: the feed, the forms of a change, what of clashes is news, why a node is not ready.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { millis } from "@coracle/base";
import { nodeId } from "@coracle/cluster";
import { ANSWERS_DUE_MS, RIVAL_SILENT_MS, Rivalry } from "./rivalry.ts";
import { ChangeFeed } from "./change-feed.ts";
import { CLASH_REPEAT_MS, CLASHES_MAX, ClashMemory } from "./clash-memory.ts";
import { notReadyReason } from "./cluster-health.ts";
import { changeEvent, hookInput, type NodeChange, nodesEvent } from "./node-change.ts";

function change(number: number): NodeChange {
  return {
    number,
    event: { kind: "joined", node: { nodeId: 2, address: "127.0.0.1:5884", rttMs: null } },
    current: { self: { nodeId: 1, ready: true, mode: "plain", notReady: null }, nodes: [] },
  };
}

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

  it("is told to the program with those before it, everyone as they are now, and how many were left out", () => {
    const now = { ...change(8).current, nodes: [{ nodeId: 2, liveness: "dead" }] };
    const text = hookInput({ changes: [change(7), change(8)], missed: 3 }, now);
    assert.equal(text.indexOf("\n"), text.length - 1);
    const input = JSON.parse(text) as { changes: { number: number; kind: string }[]; nodes: object[]; missed: number };
    assert.deepEqual(
      [input.missed, input.changes.map(({ number, kind }) => [number, kind]), input.nodes],
      [
        3,
        [
          [7, "joined"],
          [8, "joined"],
        ],
        now.nodes,
      ],
    );
  });
});

describe("clashes of ids", () => {
  it("are news once a minute each", () => {
    const memory = new ClashMemory();
    const isNews = (id: number, at: string, ms: number): boolean => memory.isNews(id, at, millis(ms));
    assert.deepEqual(
      [isNews(1, "a", 0), isNews(1, "a", 1000), isNews(1, "b", 1000), isNews(2, "a", 1000)],
      [true, false, true, true],
    );
    assert.deepEqual([isNews(1, "a", CLASH_REPEAT_MS - 1), isNews(1, "a", CLASH_REPEAT_MS)], [false, true]);
  });

  it("are forgotten when there are too many, the oldest first", () => {
    const memory = new ClashMemory();
    for (let port = 0; port <= CLASHES_MAX; port++) assert.equal(memory.isNews(1, String(port), millis(port)), true);
    assert.deepEqual([memory.isNews(1, "1", millis(100)), memory.isNews(1, "0", millis(100))], [false, true]);
  });
});

describe("two nodes with one id", () => {
  it("are told apart by whom the others answer", () => {
    const newcomer = new Rivalry();
    assert.equal(newcomer.winner(0, millis(0)), undefined);
    newcomer.heard("a", 0, millis(1000));
    assert.equal(newcomer.winner(0, millis(1000)), "a");
    // Somebody answers: the id is ours after all.
    assert.equal(newcomer.winner(1, millis(2000)), undefined);
  });

  it("are not judged before the others had time to answer, nor when the other one is silent", () => {
    const settled = new Rivalry();
    settled.heard("b", 7, millis(0));
    for (let ms = 0; ms <= RIVAL_SILENT_MS; ms += 1000) {
      settled.heard("b", 7, millis(ms));
      assert.equal(settled.winner(7, millis(ms)), ms < ANSWERS_DUE_MS ? undefined : "b");
      assert.equal(settled.winner(8, millis(ms)), undefined);
    }
    assert.equal(settled.winner(7, millis(2 * RIVAL_SILENT_MS + 1000)), undefined);
  });
});

describe("why a node is not ready", () => {
  const node = (id: number, liveness: "alive" | "dead") => ({ nodeId: nodeId(id), liveness });
  const facts = { ready: false, hasFormed: false, nodes: [node(2, "alive")], nodesExpected: 5, readyNodesMin: 3 };

  it("is said with numbers", () => {
    const few = { ...facts, rival: undefined };
    assert.equal(notReadyReason({ ...few, ready: true }), undefined);
    assert.match(notReadyReason(few) ?? "", /has not formed: 2 of 5 nodes have been heard of$/);
    const broken = { ...few, hasFormed: true, nodes: [node(2, "alive"), node(3, "dead"), node(4, "dead")] };
    assert.match(notReadyReason(broken) ?? "", /lost its quorum: 2 of 5 nodes live, 3 are needed$/);
  });

  it("is another node with its id, if there is one", () => {
    const reason = "another node at 10.0.0.9:5884 has this node's id, and the others keep to it";
    assert.equal(notReadyReason({ ...facts, rival: "10.0.0.9:5884" }), reason);
    assert.equal(notReadyReason({ ...facts, ready: true, rival: "10.0.0.9:5884" }), reason);
  });
});
