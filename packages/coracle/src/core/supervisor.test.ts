// The supervisor on a virtual clock: order, restarts with backoff, giving up, stopping, killing what will not stop.
import assert from "node:assert/strict";
import { test } from "node:test";
import { millis, SeededRandom } from "@coracle/base";
import { Supervisor, type SupervisorInput, type SupervisorOutput } from "./supervisor.ts";

class Harness {
  readonly supervisor: Supervisor = new Supervisor({
    children: [
      { name: "apiserver", after: [] },
      { name: "watcher", after: ["apiserver"] },
    ],
    random: new SeededRandom(1),
  });
  nowMs = 0;

  send(input: SupervisorInput): string[] {
    this.supervisor.handle(input, millis(this.nowMs));
    const told: string[] = [];
    for (let output: SupervisorOutput | undefined; (output = this.supervisor.poll()) !== undefined;) {
      const name = "name" in output ? ` ${output.name}` : "";
      const extra = output.kind === "signal" ? ` ${output.signal}` : "";
      told.push(`${output.kind}${name}${extra}`);
    }
    return told;
  }

  /** Jumps to the next deadline. */
  expire(): string[] {
    const next = this.supervisor.nextTimeout();
    assert.ok(next !== undefined, "no timer is armed");
    this.nowMs = next;
    return this.send({ kind: "timeout" });
  }

  up(): void {
    this.send({ kind: "start" });
    this.send({ kind: "spawned", name: "apiserver", pid: 1 });
    this.send({ kind: "readiness", name: "apiserver", ready: true });
    this.send({ kind: "spawned", name: "watcher", pid: 2 });
    this.send({ kind: "readiness", name: "watcher", ready: true });
  }
}

test("a child starts when those it needs are ready, and not before", () => {
  const harness = new Harness();
  assert.deepEqual(harness.send({ kind: "start" }), ["spawn apiserver"]);
  assert.deepEqual(harness.send({ kind: "spawned", name: "apiserver", pid: 1 }), []);
  assert.deepEqual(harness.send({ kind: "readiness", name: "apiserver", ready: false }), []);
  assert.deepEqual(harness.send({ kind: "readiness", name: "apiserver", ready: true }), [
    "ready apiserver",
    "spawn watcher",
  ]);
});

test("a child that is held starts when it is released, and not before", () => {
  const supervisor = new Supervisor({
    children: [
      { name: "router", after: [], isHeld: true },
      { name: "devices", after: ["router"], isHeld: true },
    ],
    random: new SeededRandom(1),
  });
  const send = (input: SupervisorInput): SupervisorOutput | undefined => {
    supervisor.handle(input, millis(0));
    return supervisor.poll();
  };
  assert.equal(send({ kind: "start" }), undefined);
  assert.deepEqual(send({ kind: "release" }), { kind: "spawn", name: "router" });
  assert.equal(send({ kind: "release" }), undefined);
  assert.deepEqual(send({ kind: "readiness", name: "router", ready: true }), { kind: "ready", name: "router" });
  assert.deepEqual(supervisor.poll(), { kind: "spawn", name: "devices" });
});

test("what is held when all is stopped never starts", () => {
  const supervisor = new Supervisor({
    children: [{ name: "router", after: [], isHeld: true }],
    random: new SeededRandom(1),
  });
  supervisor.handle({ kind: "start" }, millis(0));
  supervisor.handle({ kind: "stop" }, millis(0));
  assert.deepEqual(supervisor.poll(), { kind: "finished" });
  supervisor.handle({ kind: "release" }, millis(0));
  assert.equal(supervisor.poll(), undefined);
});

test("a child that ends is started again after a growing wait, without touching the others", () => {
  const harness = new Harness();
  harness.up();
  const waitsMs: number[] = [];
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(harness.send({ kind: "exited", name: "apiserver", code: 1 }), ["restarting apiserver"]);
    const startMs = harness.nowMs;
    assert.deepEqual(harness.expire(), ["spawn apiserver"]);
    waitsMs.push(harness.nowMs - startMs);
  }
  const [first = 0, second = 0, third = 0] = waitsMs;
  assert.ok(first >= 500 && second > first && third > second, `waits are ${waitsMs.join(", ")}`);
  assert.equal(harness.supervisor.statuses()[0]?.restarts, 3);
  assert.equal(harness.supervisor.statuses()[1]?.state, "ready");
});

test("a child that says starting is pointless ends the system at once", () => {
  const harness = new Harness();
  harness.send({ kind: "start" });
  assert.deepEqual(harness.send({ kind: "exited", name: "apiserver", code: 2 }), ["gave-up apiserver", "finished"]);
});

test("a child that never gets ready is started a bounded number of times", () => {
  const harness = new Harness();
  harness.send({ kind: "start" });
  for (let start = 1; start < 5; start++) {
    assert.deepEqual(harness.send({ kind: "exited", name: "apiserver", code: 1 }), ["restarting apiserver"]);
    assert.deepEqual(harness.expire(), ["spawn apiserver"]);
  }
  assert.deepEqual(harness.send({ kind: "exited", name: "apiserver", code: 1 }), ["gave-up apiserver", "finished"]);
});

test("stopping ends dependents first and finishes when the last is gone", () => {
  const harness = new Harness();
  harness.up();
  assert.deepEqual(harness.send({ kind: "stop" }), ["signal watcher SIGTERM"]);
  assert.deepEqual(harness.send({ kind: "stop" }), []);
  assert.deepEqual(harness.send({ kind: "exited", name: "watcher", code: 0 }), ["signal apiserver SIGTERM"]);
  assert.deepEqual(harness.send({ kind: "exited", name: "apiserver", code: 0 }), ["finished"]);
});

test("a child that ignores SIGTERM is killed, once", () => {
  const harness = new Harness();
  harness.up();
  harness.send({ kind: "stop" });
  assert.deepEqual(harness.expire(), ["signal watcher SIGKILL"]);
  assert.equal(harness.supervisor.nextTimeout(), undefined);
});

test("stopping while a child waits for its restart does not start it", () => {
  const harness = new Harness();
  harness.up();
  harness.send({ kind: "exited", name: "watcher", code: 1 });
  assert.deepEqual(harness.send({ kind: "stop" }), ["signal apiserver SIGTERM"]);
  assert.deepEqual(harness.send({ kind: "exited", name: "apiserver", code: 0 }), ["finished"]);
});
