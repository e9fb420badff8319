// Commands as decisions: who may run, what is put in, what is told, and the order of the queue.
import assert from "node:assert/strict";
import { test } from "node:test";
import { complaintsLabel, expandCommand, outputText, refusalOf } from "./exec-command.ts";
import { type ExecJob, ExecQueue } from "./exec-queue.ts";

test("a program runs only if the list has it exactly", () => {
  const allowed = new Set(["/usr/bin/true"]);
  assert.equal(refusalOf(["/usr/bin/true", "x"], allowed), undefined);
  assert.equal(refusalOf([], allowed), undefined);
  for (const program of ["true", "/usr/bin/../bin/true", "/usr/bin/true ", "/usr/bin/true\0", ""]) {
    assert.match(refusalOf([program], allowed) ?? "", /not on this node's list/, program);
  }
});

test("variables are put in everywhere but in the program, and their values are not looked at again", () => {
  const variables = { ifname: "${mac}", ipv4: "$1$&", mac: "m" };
  assert.deepEqual(expandCommand(["${mac}", "${mac}${ifname}", "${ipv4}", "${x} $mac {mac}"], variables), [
    "${mac}",
    "m${mac}",
    "$1$&",
    "${x} $mac {mac}",
  ]);
});

test("complaints are counted as the floor of the logarithm", () => {
  const label = (count: number): string => complaintsLabel({ stdOut: "Invalid".repeat(count), stdErr: "" });
  assert.deepEqual([0, 1, 2, 3, 4, 7, 8, 1000].map(label), ["-1", "0", "1", "1", "2", "2", "3", "9"]);
  assert.equal(complaintsLabel({ stdOut: "Invalid", stdErr: "invalid Invalid" }), "1");
});

test("output fits its limit with the mark, and never ends in half a character", () => {
  const bytes = new TextEncoder().encode("x".repeat(100));
  assert.equal(outputText(bytes, 100, 100), "x".repeat(100));
  const cut = outputText(bytes, 5000, 100);
  assert.equal(cut.length, 100);
  assert.match(cut, /^x+\n\[truncated: 5000 bytes in all\]\n$/);
  const faces = new TextEncoder().encode("😀".repeat(60));
  for (let lengthMax = 60; lengthMax < 100; lengthMax++) {
    const text = outputText(faces, 5000, lengthMax);
    assert.ok(text.length <= lengthMax && text.isWellFormed(), String(lengthMax));
  }
  assert.equal(outputText(new Uint8Array([0xff, 0x41]), 2, 10), "\uFFFDA");
});

function job(owner: string, id: number, moment: ExecJob["moment"] = "postCreate"): ExecJob {
  return { owner, id, moment, command: ["/x"] };
}

function drain(queue: ExecQueue): string[] {
  const told: string[] = [];
  for (let output = queue.poll(); output !== undefined; output = queue.poll())
    told.push(`${output.kind} ${output.job.id}`);
  return told;
}

test("an owner's commands run one after the other, those of others overtake them", () => {
  const queue = new ExecQueue({ concurrencyMax: 2, waitingMax: 10 });
  queue.handle({ kind: "submit", job: job("a", 1) });
  queue.handle({ kind: "submit", job: job("a", 2, "postDelete") });
  queue.handle({ kind: "submit", job: job("a", 3) });
  queue.handle({ kind: "submit", job: job("b", 4) });
  queue.handle({ kind: "submit", job: job("c", 5) });
  assert.deepEqual(drain(queue), ["start 1", "start 4"]);
  queue.handle({ kind: "ended", job: job("b", 4) });
  assert.deepEqual(drain(queue), ["start 5"]);
  queue.handle({ kind: "ended", job: job("a", 1) });
  assert.deepEqual(drain(queue), ["start 2"]);
  queue.handle({ kind: "ended", job: job("a", 2) });
  assert.deepEqual(drain(queue), ["start 3"]);
  assert.deepEqual([queue.running, queue.waiting], [2, 0]);
});

test("a full queue refuses", () => {
  const queue = new ExecQueue({ concurrencyMax: 1, waitingMax: 1 });
  for (let id = 1; id <= 3; id++) queue.handle({ kind: "submit", job: job(`o${id}`, id) });
  assert.deepEqual(drain(queue), ["start 1", "refuse 3"]);
});
