// The fixed table as a machine: who it tells of when it changes, when it is complete, and what contradicts it.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Millis } from "@coracle/base";
import {
  encodePingPong,
  formatEndpoint,
  NodeState,
  nodeId,
  type StaticNode,
  StaticTable,
  staticProblem,
} from "./mod.ts";
import { endpointOf } from "./testing/simulated-cluster.ts";

const SELF = { nodeId: nodeId(1), selfAddresses: [endpointOf("10.0.0.1:5884")] };

/** `2=10.0.0.2:5884/10.0.0.3:5884`: an id and the addresses its name stands for. */
function tableOf(...lines: readonly string[]): StaticNode[] {
  return lines.map((line) => {
    const [id, addresses = ""] = line.split("=");
    return { nodeId: nodeId(Number(id)), addresses: addresses.split("/").filter(Boolean).map(endpointOf) };
  });
}

class Bench {
  readonly table: StaticTable = new StaticTable(SELF);
  nowMs = 0;

  constructor() {
    this.table.handle({ kind: "start" }, 0 as Millis);
    assert.deepEqual(this.told(), ["discover"]);
  }

  give(...lines: readonly string[]): string[] {
    this.table.handle({ kind: "table", nodes: tableOf(...lines) }, this.nowMs as Millis);
    return this.told();
  }

  told(): string[] {
    const told: string[] = [];
    for (let output = this.table.poll(); output !== undefined; output = this.table.poll()) {
      if (output.kind === "member")
        told.push(`${output.change} ${output.node.nodeId}=${formatEndpoint(output.node.endpoint)}`);
      else told.push(output.kind === "ready" ? `ready ${output.ready}` : output.kind);
    }
    return told;
  }

  members(): string[] {
    return this.table.nodes().map((node) => `${node.nodeId}=${formatEndpoint(node.endpoint)}`);
  }
}

test("the nodes of the table are members, of whom nothing is known; this node's own line is not", () => {
  const bench = new Bench();
  assert.equal(bench.table.ready, false, "there is no table yet");
  assert.deepEqual(bench.give("3=10.0.0.3:5884", "1=10.0.0.1:5884", "2=10.0.0.2:5884"), [
    "joined 3=10.0.0.3:5884",
    "joined 2=10.0.0.2:5884",
    "ready true",
  ]);
  assert.deepEqual(bench.members(), ["2=10.0.0.2:5884", "3=10.0.0.3:5884"]);
  assert.deepEqual([bench.table.members, bench.table.ready], [2, true]);
  const [node] = bench.table.nodes();
  assert.deepEqual([node?.liveness, node?.state, node?.rttMs], ["unknown", undefined, undefined]);
  assert.deepEqual([bench.table.knows("10.0.0.3:5884"), bench.table.knows("10.0.0.1:5884")], [true, false]);
});

test("a new table takes nodes out, moves them, and lets two change places; the same again tells nothing", () => {
  const bench = new Bench();
  bench.give("2=10.0.0.2:5884", "3=10.0.0.3:5884", "4=10.0.0.4:5884");
  assert.deepEqual(bench.give("2=10.0.0.2:5884", "3=10.0.0.3:5884", "4=10.0.0.4:5884"), []);
  assert.deepEqual(bench.give("2=10.0.0.3:5884", "3=10.0.0.2:5884", "5=10.0.0.4:5884"), [
    "left 4=10.0.0.4:5884",
    "moved 2=10.0.0.3:5884",
    "moved 3=10.0.0.2:5884",
    "joined 5=10.0.0.4:5884",
  ]);
  assert.deepEqual(bench.members(), ["2=10.0.0.3:5884", "3=10.0.0.2:5884", "5=10.0.0.4:5884"]);
  assert.equal(bench.table.nodes()[0]?.incarnation, 2);
  assert.deepEqual([bench.table.counters.get("moved"), bench.table.counters.get("left")], [2, 1]);
});

test("a name without an address is missing; one that had an address keeps it, unless another node has it now", () => {
  const bench = new Bench();
  assert.deepEqual(bench.give("2=10.0.0.2:5884", "3="), ["joined 2=10.0.0.2:5884"]);
  assert.deepEqual([bench.table.ready, bench.table.missing], [false, [3]]);
  assert.deepEqual(bench.give("2=", "3=10.0.0.3:5884"), ["joined 3=10.0.0.3:5884", "ready true"]);
  assert.deepEqual(bench.members(), ["2=10.0.0.2:5884", "3=10.0.0.3:5884"], "node 2 is where it was");
  assert.deepEqual(bench.give("2=", "3=10.0.0.2:5884"), [
    "left 2=10.0.0.2:5884",
    "moved 3=10.0.0.2:5884",
    "ready false",
  ]);
  assert.deepEqual([bench.members(), bench.table.missing], [["3=10.0.0.2:5884"], [2]]);
});

test("a name with several addresses stays at the one it has, in whatever order they come", () => {
  const bench = new Bench();
  bench.give("2=10.0.0.2:5884/10.0.0.9:5884");
  assert.deepEqual(bench.give("2=10.0.0.9:5884/10.0.0.2:5884"), []);
  assert.deepEqual(bench.give("2=10.0.0.9:5884"), ["moved 2=10.0.0.9:5884"]);
});

test("the table is asked for at the start, every ten seconds, and two seconds after a failure", () => {
  const { table } = new Bench();
  assert.equal(table.nextTimeout(), 10_000);
  table.handle({ kind: "timeout" }, 9999 as Millis);
  assert.equal(table.poll(), undefined);
  table.handle({ kind: "timeout" }, 10_000 as Millis);
  assert.deepEqual([table.poll()?.kind, table.poll(), table.nextTimeout()], ["discover", undefined, 20_000]);
  table.handle({ kind: "discovery-failed" }, 10_001 as Millis);
  assert.equal(table.nextTimeout(), 12_001);
  assert.equal(table.counters.get("discovery-failed"), 1);
});

test("nothing but a table changes it: no message, no stranger, no word of the platform", () => {
  const bench = new Bench();
  bench.give("2=10.0.0.2:5884");
  const from = endpointOf("10.0.0.3:5884");
  const bytes = encodePingPong("ping", nodeId(3), NodeState.initialized);
  bench.table.handle({ kind: "message", from, bytes }, 1 as Millis);
  bench.table.handle({ kind: "discovered", addresses: [from] }, 1 as Millis);
  bench.table.handle({ kind: "unknown-sender", from }, 1 as Millis);
  bench.table.handle({ kind: "reachable", at: from }, 1 as Millis);
  bench.table.handle({ kind: "node-left", nodeId: nodeId(2) }, 1 as Millis);
  assert.deepEqual([bench.told(), bench.members()], [[], ["2=10.0.0.2:5884"]]);
});

const CONTRADICTIONS: readonly (readonly [lines: readonly string[], problem: string | undefined])[] = [
  [["1=10.0.0.1:5884", "2=10.0.0.2:5884"], undefined],
  [["1=10.0.0.8:5884/10.0.0.1:5884"], undefined],
  [["1=", "2="], undefined],
  [["2=10.0.0.2:5884/[::ffff:10.0.0.2]:5884"], undefined],
  [["1=10.0.0.8:5884"], "node 1 at 10.0.0.8:5884 has this node's own id, and that is not its own address"],
  [["1=10.0.0.1:5885"], "node 1 at 10.0.0.1:5885 has this node's own id, and that is not its own address"],
  [["2=10.0.0.1:5884"], "node 2 is at this node's own address 10.0.0.1:5884"],
  [["2=10.0.0.2:5884", "3=10.0.0.9:5884/10.0.0.2:5884"], "nodes 2 and 3 are both at 10.0.0.2:5884"],
  [["2=10.0.0.2:5884", "3=[::ffff:10.0.0.2]:5884"], "nodes 2 and 3 are both at 10.0.0.2:5884"],
];

test("own ids and addresses, and two nodes at one address, are told in words and never taken", () => {
  for (const [lines, problem] of CONTRADICTIONS) {
    assert.equal(staticProblem(tableOf(...lines), SELF), problem, lines.join());
    const bench = new Bench();
    if (problem === undefined) bench.give(...lines);
    else assert.throws(() => bench.give(...lines), /Cannot take a table of nodes/);
  }
});

test("a node that does not know its own address takes its own id nowhere", () => {
  const problem = staticProblem(tableOf("1=10.0.0.1:5884"), { ...SELF, selfAddresses: [] });
  assert.equal(problem, "node 1 at 10.0.0.1:5884 has this node's own id, and nobody said which address is its own");
});
