// Frames through flows that are not ours: circles, gaps, actions that only a switch can work out.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Flow, parseFlows } from "@coracle/openflow";
import { evaluateFlows } from "./evaluate.ts";

function flowsOf(text: string): readonly Flow[] {
  const flows = parseFlows(text);
  assert.ok(flows.ok);
  return flows.value;
}

test("a circle of tables is given up after 64 of them", () => {
  const { steps, verdict } = evaluateFlows(
    flowsOf("table=0,actions=goto_table:1\ntable=1,actions=goto_table:0"),
    new Map(),
  );
  assert.equal(steps.length, 64);
  assert.deepEqual(verdict, { kind: "unknown", action: "more than 64 tables" });
});

test("the higher flow wins; a table without a flow drops; normal switching cannot be followed", () => {
  const flows = flowsOf("table=0,priority=1,actions=drop\ntable=0,priority=2,actions=goto_table:3");
  assert.deepEqual(evaluateFlows(flows, new Map()).verdict, { kind: "dropped", table: 3 });
  assert.equal(evaluateFlows(flowsOf("table=0,actions=group:1"), new Map()).verdict.kind, "unknown");
});
