// The node table by single messages: Californium's cases, readiness, lists, caps, and bytes of any kind.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Millis, millis, SeededRandom } from "@coracle/base";
import * as fc from "fast-check";
import {
  encodePingPong,
  type Endpoint,
  formatEndpoint,
  NodeState,
  nodeId,
  NodeTable,
  type NodeTableInput,
  type NodeTableOptions,
  type NodeTableOutput,
  parseEndpoint,
} from "./mod.ts";
import { CLAIMS_MAX } from "./id-claim.ts";
import { SENDS_QUEUED_MAX } from "./node-outbox.ts";

function at(text: string): Endpoint {
  const parsed = parseEndpoint(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

const host = (index: number): Endpoint => at(`10.0.${index >>> 8}.${index & 255}:5884`);

/** A table of node 1 at 10.0.0.1 with a hand on its clock. */
class Bench {
  readonly table: NodeTable;
  nowMs = 0;

  constructor(options: Partial<NodeTableOptions> = {}) {
    this.table = new NodeTable({
      nodeId: nodeId(1),
      random: new SeededRandom(5),
      discovery: { kind: "static", addresses: [host(1), host(2), host(3)] },
      selfAddresses: [host(1)],
      ...options,
    });
  }

  do(input: NodeTableInput): NodeTableOutput[] {
    this.table.handle(input, millis(this.nowMs));
    const outputs: NodeTableOutput[] = [];
    for (let output = this.table.poll(); output !== undefined; output = this.table.poll()) outputs.push(output);
    return outputs;
  }

  hear(kind: "ping" | "pong", id: number, from: Endpoint, state: NodeState = NodeState.start): string[] {
    return this.do({ kind: "message", from, bytes: encodePingPong(kind, nodeId(id), state) }).map(told);
  }

  /** Serves deadlines up to `nowMs + durationMs`. */
  wait(durationMs: number): string[] {
    const endMs = this.nowMs + durationMs;
    const outputs: string[] = [];
    for (let due = this.table.nextTimeout(); due !== undefined && due <= endMs; due = this.table.nextTimeout()) {
      this.nowMs = due;
      outputs.push(...this.do({ kind: "timeout" }).map(told));
    }
    this.nowMs = endMs;
    return outputs;
  }
}

function told(output: NodeTableOutput): string {
  switch (output.kind) {
    case "send":
      return `${output.bytes[0] === 61 ? "ping" : "pong"} ${formatEndpoint(output.to)} state ${output.bytes[5]}`;
    case "member":
      return `${output.change} ${output.node.nodeId}`;
    case "ready":
      return output.ready ? "ready" : "not ready";
    case "clash":
      return `clash ${output.nodeId}`;
    case "discover":
      return "discover";
  }
}

test("a node pings the listed addresses but not its own, and says how far it is", () => {
  const bench = new Bench();
  bench.do({ kind: "start" });
  const first = bench.wait(100);
  assert.deepEqual(first.toSorted(), ["ping 10.0.0.2:5884 state 0", "ping 10.0.0.3:5884 state 0"]);
  assert.deepEqual(bench.hear("pong", 2, host(2)), ["joined 2"]);
  assert.deepEqual(bench.hear("ping", 3, host(3), NodeState.up), [
    "joined 3",
    "ping 10.0.0.2:5884 state 1",
    "ping 10.0.0.3:5884 state 1",
    "pong 10.0.0.3:5884 state 1",
  ]);
  assert.equal(bench.table.ready, false, "node 2 has not said it is up");
  assert.deepEqual(bench.hear("pong", 2, host(2), NodeState.up), [
    "ready",
    "ping 10.0.0.2:5884 state 2",
    "ping 10.0.0.3:5884 state 2",
  ]);
});

test("one initialised node makes a newcomer ready; losing the quorum takes it back", () => {
  const bench = new Bench();
  bench.do({ kind: "start" });
  assert.ok(bench.hear("ping", 2, host(2), NodeState.initialized).includes("ready"));
  const silent = bench.wait(10_000);
  assert.deepEqual(
    silent.filter((text) => !text.startsWith("ping")),
    ["suspect 2", "dead 2", "not ready"],
  );
  assert.equal(bench.table.state, NodeState.start, "it does not vouch for a cluster it cannot see");
  assert.ok(bench.wait(3000).includes("ping 10.0.0.2:5884 state 0"), "a dead node's address is pinged again");
  assert.deepEqual(bench.hear("pong", 2, host(2)).slice(0, 2), ["returned 2", "ready"]);
  assert.equal(bench.table.nodes()[0]?.incarnation, 2);
});

test("a list of one entry discovers that entry", () => {
  const bench = new Bench({ discovery: { kind: "static", addresses: [host(2)] } });
  bench.do({ kind: "start" });
  assert.equal(bench.table.ready, false);
  assert.deepEqual(bench.wait(100), ["ping 10.0.0.2:5884 state 0"]);
  assert.ok(bench.hear("pong", 2, host(2), NodeState.up).includes("ready"));
});

test("a single node that expects nobody is ready and still looks around", () => {
  const bench = new Bench({ nodesExpected: 1 });
  assert.deepEqual(bench.do({ kind: "start" }).map(told), ["ready"]);
  assert.equal(bench.wait(100).length, 2);
});

test("contradictory settings refuse to start", () => {
  assert.throws(() => new Bench({ discovery: { kind: "static", addresses: [] } }), /it is empty/);
  assert.throws(() => new Bench({ discovery: { kind: "dynamic" } }), /nodesExpected is missing/);
  assert.throws(() => new Bench({ readyNodesMin: 4 }), /ready with 1 to 3 nodes: current value is 4/);
  assert.throws(() => new Bench({ nodesExpected: 257 }), /current value is 257/);
  assert.throws(() => new Bench({ timers: { retryIntervalMs: 0 } }), /retryIntervalMs is 0/);
});

test("messages that mean nothing are counted by cause and change nothing", () => {
  const bench = new Bench();
  bench.do({ kind: "start" });
  const say = (bytes: readonly number[], from = host(2)) =>
    bench.do({ kind: "message", from, bytes: Uint8Array.from(bytes) });
  for (const bytes of [[], [61], [61, 2, 0, 0, 0], [59, 2, 0, 0, 0, 0], [61, 0, 1, 0, 0, 0]])
    assert.deepEqual(say(bytes), []);
  assert.deepEqual(say([61, 1, 0, 0, 0, 0], host(1)), [], "an echo of our own ping");
  assert.deepEqual(say([61, 9, 0, 0, 0, 0], host(9)), [], "an address that is not listed");
  assert.deepEqual(say([61, 1, 0, 0, 0, 0]).map(told), ["clash 1"], "another node with our id");
  const { counters } = bench.table;
  assert.deepEqual(
    (["unknown-message", "short-message", "node-id-out-of-range", "self", "unlisted-sender", "clash"] as const).map(
      (name) => counters.get(name),
    ),
    [2, 2, 1, 1, 1, 1],
  );
  assert.equal(bench.table.members, 0);
});

test("who uses this node's id is told of every ten seconds, if it is listed; what a stranger says is counted only", () => {
  const bench = new Bench();
  bench.do({ kind: "start" });
  bench.wait(1);
  assert.deepEqual(bench.hear("ping", 1, host(77)), []);
  assert.deepEqual(bench.hear("ping", 1, host(2)), ["clash 1"]);
  for (let count = 0; count < 50; count++) assert.deepEqual(bench.hear("pong", 1, host(3)), []);
  bench.wait(9999);
  assert.deepEqual(bench.hear("ping", 1, host(2)), []);
  bench.wait(1);
  assert.deepEqual(bench.hear("ping", 1, host(2)), ["clash 1"]);
  assert.deepEqual([bench.table.counters.get("clash"), bench.table.counters.get("unlisted-sender")], [53, 1]);
});

test("a padded ping gets six bytes back; a state above 2 is answered and counts as nothing", () => {
  const bench = new Bench();
  bench.do({ kind: "start" });
  const outputs = bench.do({ kind: "message", from: host(2), bytes: Uint8Array.of(61, 2, 0, 0, 0, 7, 1, 2, 3, 4) });
  const pong = outputs.find((output) => output.kind === "send");
  assert.equal(pong?.bytes.length, 6);
  assert.equal(bench.table.nodes()[0]?.state, undefined);
  assert.equal(bench.table.ready, false);
});

test("a known address that names another id is asked, and believed when its answer says so", () => {
  const bench = new Bench();
  bench.do({ kind: "start" });
  bench.hear("pong", 2, host(2));
  bench.hear("pong", 2, host(2));
  assert.deepEqual(bench.hear("pong", 9, host(2)), [], "a pong that nobody asked for");
  assert.deepEqual(bench.hear("ping", 9, host(2)), ["ping 10.0.0.2:5884 state 0"]);
  assert.deepEqual(bench.hear("pong", 9, host(2)).slice(0, 2), ["replaced 2", "joined 9"]);
  assert.equal(bench.table.counters.get("address-claim"), 2);
});

test("what a moved node's old address still says is ignored, however often", () => {
  const bench = new Bench();
  bench.do({ kind: "start" });
  bench.hear("pong", 2, host(2));
  bench.wait(7000);
  assert.deepEqual(bench.hear("ping", 2, host(3)).slice(0, 1), ["moved 2"], "a silent node need not be asked");
  for (let count = 0; count < 5; count++) {
    assert.deepEqual(bench.hear("ping", 2, host(2)), []);
    bench.wait(700);
  }
  assert.deepEqual(
    bench.table.nodes().map(({ endpoint }) => formatEndpoint(endpoint)),
    ["10.0.0.3:5884"],
  );
});

test("round trips are measured, ambiguous ones are not", () => {
  const bench = new Bench();
  bench.do({ kind: "start" });
  bench.hear("pong", 2, host(2));
  bench.wait(4000);
  const pingedAtMs = bench.nowMs;
  bench.nowMs += 40;
  bench.hear("pong", 2, host(2));
  const rttMs = bench.table.nodes()[0]?.rttMs ?? 0;
  assert.ok(rttMs >= 40 && rttMs <= 450, `${rttMs} ms since ${pingedAtMs}`);
  bench.wait(5000);
  bench.hear("pong", 2, host(2));
  assert.equal(bench.table.nodes()[0]?.rttMs, rttMs, "two pings were out");
});

test("the platform says a node leaves: it is gone at once and does not come back by a late message", () => {
  const bench = new Bench();
  bench.do({ kind: "start" });
  bench.hear("pong", 2, host(2));
  assert.deepEqual(bench.do({ kind: "node-left", nodeId: nodeId(2) }).map(told), ["left 2"]);
  assert.deepEqual(bench.do({ kind: "node-left", nodeId: nodeId(2) }), []);
  bench.hear("pong", 2, host(2));
  assert.equal(bench.table.members, 0);
  bench.do({ kind: "discovered", addresses: [host(2)] });
  assert.ok(bench.hear("ping", 2, host(2)).includes("returned 2"), "unless a list names it again");
});

test("discovery is asked for at start, on a stranger's ping, on failure, and not too often", () => {
  const bench = new Bench({ discovery: { kind: "dynamic" }, nodesExpected: 3 });
  assert.deepEqual(bench.do({ kind: "start" }).map(told), ["discover"]);
  for (let count = 0; count < 50; count++) bench.hear("ping", 2, host(2));
  assert.deepEqual(bench.wait(1000), ["discover"]);
  bench.do({ kind: "discovery-failed" });
  assert.deepEqual(bench.wait(1999), []);
  assert.deepEqual(bench.wait(1), ["discover"]);
  bench.do({ kind: "discovered", addresses: [host(1), host(2)] });
  assert.ok(bench.hear("ping", 2, host(2)).includes("joined 2"));
});

test("a frame from an address that is listed but unknown brings its ping forward", () => {
  const bench = new Bench();
  bench.do({ kind: "start" });
  bench.wait(60_000);
  bench.do({ kind: "unknown-sender", from: host(2) });
  bench.do({ kind: "unknown-sender", from: host(99) });
  assert.ok(bench.wait(250).every((text) => !text.includes("10.0.0.99")));
  assert.ok(bench.table.counters.get("ping-sent") > 0);
});

test("the caps hold: nodes, candidates, claims, messages waiting", () => {
  const list = Array.from({ length: 600 }, (_, index) => host(index + 2));
  const bench = new Bench({ discovery: { kind: "dynamic" }, nodesExpected: 3, nodesMax: 20, listedOnly: false });
  bench.do({ kind: "start" });
  bench.do({ kind: "discovered", addresses: list });
  assert.equal(bench.table.counters.get("discovery-overflow"), 1);
  for (let id = 2; id < 30; id++) bench.hear("ping", id, host(id));
  assert.equal(bench.table.members, 20);
  assert.equal(bench.table.counters.get("table-full"), 8);
  for (let id = 2; id < 22; id++) bench.hear("ping", id, host(id + 1000));
  assert.equal(bench.table.counters.get("claim"), CLAIMS_MAX);
  assert.equal(bench.table.counters.get("claims-full"), 20 - CLAIMS_MAX);
  const ping = encodePingPong("ping", nodeId(2), NodeState.start);
  for (let count = 0; count < SENDS_QUEUED_MAX + 10; count++)
    bench.table.handle({ kind: "message", from: host(2), bytes: ping }, millis(bench.nowMs));
  assert.ok(bench.table.counters.get("send-overflow") >= 10);
});

test("gone nodes make room and are forgotten in time", () => {
  const bench = new Bench({ nodesMax: 2, timers: { goneKeepMs: 20_000 }, listedOnly: false });
  bench.do({ kind: "start" });
  bench.hear("ping", 2, host(2));
  bench.hear("ping", 3, host(3));
  bench.wait(12_000);
  assert.equal(bench.table.nodes().length, 2);
  bench.hear("ping", 4, host(4));
  assert.deepEqual(
    bench.table.nodes().map((node) => [node.nodeId, node.liveness]),
    [
      [3, "dead"],
      [4, "alive"],
    ],
  );
  bench.wait(9000);
  assert.deepEqual(
    bench.table.nodes().map((node) => node.nodeId),
    [4],
  );
});

test("no message makes the table throw or break its own books", () => {
  const bench = new Bench({ listedOnly: false });
  bench.do({ kind: "start" });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(60, 61, 62), fc.nat(5), fc.nat(4), fc.nat(6), fc.nat(3000)), { maxLength: 20 }),
      fc.uint8Array({ maxLength: 12 }),
      (messages, junk) => {
        for (const [type, id, state, from, waitMs] of messages) {
          bench.do({ kind: "message", from: host(from), bytes: Uint8Array.of(type, id, 0, 0, 0, state) });
          bench.wait(waitMs);
        }
        bench.do({ kind: "message", from: host(2), bytes: junk });
        const live = bench.table.nodes().filter(({ liveness }) => liveness === "alive" || liveness === "suspect");
        assert.equal(live.length, bench.table.members);
        assert.equal(new Set(live.map(({ endpoint }) => formatEndpoint(endpoint))).size, live.length);
        const due: Millis | undefined = bench.table.nextTimeout();
        assert.ok(due === undefined || due > bench.nowMs);
      },
    ),
    { numRuns: 300 },
  );
});
