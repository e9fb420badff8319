// Californium's timers, met to the millisecond, and the loss of datagrams that they forgive: the rate that the docs state.
import assert from "node:assert/strict";
import { test } from "node:test";
import { millis, SeededRandom } from "@coracle/base";
import { freshSeeds, PacketNetwork } from "@coracle/sim";
import { CLUSTER_TIMERS, encodePingPong, NodeState, nodeId, NodeTable, type NodeTableOutput } from "./mod.ts";
import { endpointOf, SimulatedCluster } from "./testing/simulated-cluster.ts";

/** The loss in each direction at which docs/protocol/californium-cluster.md promises that no living node expires. */
const LOSS_RATE_STATED = 0.1;
const SELF = endpointOf("10.0.0.1:5884");
const OTHER = endpointOf("10.0.0.2:5884");

interface Event {
  readonly atMs: number;
  readonly what: string;
}

/** A table of node 1 that knows the address of node 2, and when it did what. */
function watch(discovery: "static" | "dynamic", seed = 7) {
  const table = new NodeTable({
    nodeId: nodeId(1),
    random: new SeededRandom(seed),
    discovery: discovery === "static" ? { kind: "static", addresses: [SELF, OTHER] } : { kind: "dynamic" },
    nodesExpected: 2,
    selfAddresses: [SELF],
  });
  const events: Event[] = [];
  const drain = (atMs: number): void => {
    for (let output = table.poll(); output !== undefined; output = table.poll())
      events.push({ atMs, what: name(output) });
  };
  const until = (endMs: number): void => {
    for (let due = table.nextTimeout(); due !== undefined && due <= endMs; due = table.nextTimeout()) {
      table.handle({ kind: "timeout" }, due);
      drain(due);
    }
  };
  const hear = (kind: "ping" | "pong", atMs: number): void => {
    table.handle(
      { kind: "message", from: OTHER, bytes: encodePingPong(kind, nodeId(2), NodeState.start) },
      millis(atMs),
    );
    drain(atMs);
  };
  table.handle({ kind: "start" }, millis(0));
  drain(0);
  return { events, until, hear };
}

function name(output: NodeTableOutput): string {
  if (output.kind === "send") return output.bytes[0] === 61 ? "ping" : "pong";
  return output.kind === "member" ? output.change : output.kind;
}

function times(events: readonly Event[], what: string, fromMs = 0): number[] {
  return events.filter((event) => event.what === what && event.atMs >= fromMs).map(({ atMs }) => atMs);
}

test("the defaults are Californium's", () => {
  const { tickIntervalMs, refreshIntervalMs, discoverIntervalMs, expirationTimeMs } = CLUSTER_TIMERS;
  assert.deepEqual(
    [tickIntervalMs, refreshIntervalMs, discoverIntervalMs, expirationTimeMs],
    [2000, 4000, 10_000, 6000],
  );
});

test("a listed address is pinged within 100 ms, then ever more seldom up to the tick, while nodes are missing", () => {
  const { events, until } = watch("static");
  until(20_000);
  const pings = times(events, "ping");
  assert.ok((pings[0] ?? 1000) <= 100);
  const pauses = pings.slice(1).map((atMs, index) => atMs - (pings[index] ?? 0));
  for (const [index, meantMs] of [250, 500, 1000, 2000, 2000, 2000].entries()) {
    const pauseMs = pauses[index] ?? 0;
    assert.ok(pauseMs >= meantMs * 0.75 && pauseMs <= meantMs * 1.25, `pause ${index} of ${pauseMs} ms`);
  }
});

test("silence is pinged after 4 s, suspect after 6 s and dead after 10 s, which asks for discovery", () => {
  const { events, until, hear } = watch("dynamic");
  hear("pong", 1);
  assert.deepEqual(times(events, "joined"), [], "dynamic discovery has not listed it");
  const listed = watch("static");
  listed.hear("ping", 990);
  // It was pinged at once, as everyone expected is up now; this is its answer.
  listed.hear("pong", 1000);
  listed.until(30_000);
  const [first = 0, ...rest] = times(listed.events, "ping", 1001);
  assert.ok(first >= 1000 + 3600 && first <= 1000 + 4000, `first refresh at ${first}`);
  assert.ok(rest.length >= 11);
  assert.deepEqual(times(listed.events, "suspect"), [7000]);
  assert.deepEqual(times(listed.events, "dead"), [11_000]);
  until(45_000);
  const asked = times(events, "discover");
  assert.deepEqual(
    asked.slice(-4).map((atMs, index, all) => (index === 0 ? 0 : atMs - (all[index - 1] ?? 0))),
    [0, 10_000, 10_000, 10_000],
  );
});

test("a node that answers is pinged every 4 s and never suspected", () => {
  const { events, until, hear } = watch("static");
  hear("pong", 10);
  for (let atMs = 10; atMs < 120_000; atMs += 20) {
    const before = times(events, "ping").length;
    until(atMs);
    if (times(events, "ping").length > before) hear("pong", atMs);
  }
  assert.deepEqual([times(events, "suspect"), times(events, "dead")], [[], []]);
  const count = times(events, "ping", 1000).length;
  assert.ok(count >= 28 && count <= 34, `${count} pings in two minutes`);
});

/** Pings that a living node would have to miss, one after the other, to be declared dead. */
function pingsUntilDeath(seed: number): number {
  const { events, until, hear } = watch("static", seed);
  hear("ping", 0);
  hear("pong", 1);
  until(11_000);
  const [diedMs = 0] = times(events, "dead");
  return times(events, "ping", 2).filter((atMs) => atMs < diedMs).length;
}

test("the loss rate of the docs follows from the timers: at it false expiries are months apart", () => {
  const counts = Array.from({ length: 50 }, (_, seed) => pingsUntilDeath(seed + 1));
  const pings = Math.min(...counts);
  assert.equal(pings, 13, "the first one and twelve more");
  // Of 20 nodes each watches 19 others, and begins to doubt each at most every 3.6 s. Its own pings help, but are left out.
  const silencesPerHour = (20 * 19 * 3600) / 3.6;
  const falseExpiriesPerHour = (loss: number): number => silencesPerHour * (1 - (1 - loss) ** 2) ** pings;
  assert.ok(falseExpiriesPerHour(LOSS_RATE_STATED) < 0.0002, `${falseExpiriesPerHour(LOSS_RATE_STATED)} an hour`);
  assert.ok(falseExpiriesPerHour(0.3) > 1, "a rate that is not promised either");
});

test("ten nodes lose a tenth of their datagrams for half an hour, and nobody expires", () => {
  for (const seed of freshSeeds()) {
    const network = new PacketNetwork({
      random: new SeededRandom(seed),
      lossRate: LOSS_RATE_STATED,
      delayMsMin: 0.2,
      delayMsMax: 80,
    });
    const cluster = new SimulatedCluster({ seed, network, mode: "plain", nodesExpected: 10 });
    for (let id = 0; id < 10; id++) cluster.start(id, `10.0.0.${id + 1}:5884`);
    assert.ok(
      cluster.runUntil(() => cluster.converged(), 15_000),
      `CORACLE_SIM_SEED=${seed}: no cluster`,
    );
    cluster.run(1_800_000);
    assert.equal(cluster.changes("dead").length, 0, `CORACLE_SIM_SEED=${seed}: a living node was declared dead`);
    assert.ok(network.counts.lost > 0.09 * network.counts.sent, `CORACLE_SIM_SEED=${seed}: less was lost than stated`);
  }
});
