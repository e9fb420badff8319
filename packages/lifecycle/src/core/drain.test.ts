// The termination machine on a virtual clock: order of events, refusals, even endings, deadlines, second signals.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock, SeededRandom } from "@coracle/base";
import { DrainRig } from "../../test/drain-rig.ts";
import { Drain, SAME_SIGNAL_MS, SERVER_CLOSE_MS, STOP_HOOKS_MS, TELL_CONNECTIONS_MS } from "./drain.ts";
import type { DrainInput } from "./drain-types.ts";

const SIGTERM: DrainInput = { kind: "signal", name: "SIGTERM", number: 15 };
const SIGINT: DrainInput = { kind: "signal", name: "SIGINT", number: 2 };

describe("Drain", () => {
  it("goes through Kubernetes' steps in order with nothing running", () => {
    const rig = new DrainRig();
    rig.runTo(1000);
    rig.send(SIGTERM);
    rig.runTo(100_000);
    assert.deepEqual(rig.story(), [
      "1000 ShutdownInitiated",
      "1000 run-pre-shutdown-hooks",
      "1000 PreShutdownHooksStopped",
      "11000 AfterShutdownDelayDuration",
      "11000 NotAcceptingNewRequest",
      "11000 go-away",
      "11000 InFlightRequestsDrained",
      "11000 ActiveWatchesDrained",
      "11000 tell-connections",
      "11000 close-servers",
      "11000 HTTPServerStoppedListening",
      "11000 run-stop-hooks",
      "11000 GracefulTerminationFinished",
      "11000 exit 0",
    ]);
    assert.equal(rig.drain.state, "exited");
    assert.equal(rig.drain.nextTimeout(), undefined);
  });

  it("is red from the signal on and serves during the delay", () => {
    const rig = new DrainRig();
    assert.equal(rig.drain.isShuttingDown, false);
    assert.equal(rig.drain.state, "ready");
    rig.send(SIGTERM);
    assert.equal(rig.drain.isShuttingDown, true);
    rig.runTo(9999);
    assert.equal(rig.drain.state, "draining");
    rig.admit("ordinary");
    rig.admit("long-running");
  });

  it("refuses ordinary requests with 429 after 5 s and watches with 503 after 1 s once the delay is over", () => {
    const rig = new DrainRig();
    rig.admit("ordinary");
    rig.send(SIGTERM);
    rig.runTo(10_000);
    const ordinary = rig.drain.admit("ordinary", rig.clock.now());
    assert.deepEqual(ordinary, { kind: "refused", status: 429, retryAfterSeconds: 5 });
    const watch = rig.drain.admit("long-running", rig.clock.now());
    assert.deepEqual(watch, { kind: "refused", status: 503, retryAfterSeconds: 1 });
    assert.equal(rig.drain.counts().refused, 2);
  });

  it("keeps accepting until both the delay and the pre-shutdown hooks are over", () => {
    const rig = new DrainRig();
    rig.hooksMs = 15_000;
    rig.send(SIGTERM);
    rig.runTo(14_999);
    assert.equal(rig.drain.state, "draining");
    rig.admit("ordinary");
    rig.runTo(15_000);
    assert.equal(rig.drain.state, "closed");
  });

  it("waits for running requests and exits when the last one ends", () => {
    const rig = new DrainRig();
    const first = rig.admit("ordinary");
    const second = rig.admit("ordinary");
    rig.send(SIGTERM);
    rig.runTo(20_000);
    rig.send({ kind: "request-ended", id: first });
    assert.equal(rig.drain.state, "closed");
    rig.runTo(30_000);
    rig.send({ kind: "request-ended", id: second });
    rig.runTo(30_000);
    assert.equal(rig.exit(), 0);
    assert.ok(rig.story().includes("30000 InFlightRequestsDrained"));
  });

  it("stops hard at delay plus timeout, says how many were cut, and exits 0", () => {
    const rig = new DrainRig();
    rig.admit("ordinary");
    rig.send(SIGTERM);
    rig.runTo(69_999);
    assert.equal(rig.exit(), undefined);
    rig.runTo(70_000);
    assert.equal(rig.exit(), 0);
    const reached = rig.log.find(({ output }) => output.kind === "event" && output.name === "ShutdownTimeoutReached");
    assert.deepEqual(reached?.output.kind === "event" && reached.output.fields, {
      requests: 1,
      longRunningRequests: 0,
    });
    const closing = rig.log.find(({ output }) => output.kind === "close-servers");
    assert.deepEqual(closing?.output, { kind: "close-servers", graceMs: 0 });
  });

  it("stops hard although a pre-shutdown hook hangs", () => {
    const rig = new DrainRig();
    rig.hooksMs = undefined;
    rig.send(SIGTERM);
    rig.runTo(70_000);
    assert.equal(rig.exit(), 0);
  });

  it("exits although the servers and the stop hooks hang", () => {
    const rig = new DrainRig({ shutdownDelayMs: 0 });
    rig.serversMs = undefined;
    rig.stopMs = undefined;
    rig.send(SIGTERM);
    rig.tellMs = undefined;
    rig.runTo(TELL_CONNECTIONS_MS + SERVER_CLOSE_MS * 2 + STOP_HOOKS_MS);
    assert.equal(rig.exit(), 0);
    assert.ok(rig.story().some((line) => line.endsWith("StopHooksAbandoned")));
  });

  it("goes on refusing while connections are told, for a second at most", () => {
    const rig = new DrainRig({ shutdownDelayMs: 0 });
    rig.tellMs = undefined;
    rig.send(SIGTERM);
    rig.runTo(TELL_CONNECTIONS_MS - 1);
    assert.equal(rig.drain.admit("ordinary", rig.clock.now()).kind, "refused");
    assert.equal(rig.exit(), undefined);
    rig.runTo(TELL_CONNECTIONS_MS);
    assert.equal(rig.exit(), 0);
  });

  it("exits at once with 128 and the signal's number on a second signal", () => {
    for (const [second, code] of [
      [SIGTERM, 143],
      [SIGINT, 130],
    ] as const) {
      const rig = new DrainRig();
      rig.admit("ordinary");
      rig.send(SIGTERM);
      rig.runTo(SAME_SIGNAL_MS);
      rig.send(second);
      assert.equal(rig.exit(), code);
      assert.equal(rig.drain.nextTimeout(), undefined);
      rig.send({ kind: "request-ended", id: 1 });
      rig.runTo(100_000);
      assert.equal(rig.log.filter(({ output }) => output.kind === "exit").length, 1);
    }
  });

  it("takes a signal that wrappers delivered twice for one", () => {
    const rig = new DrainRig();
    rig.send(SIGINT);
    rig.runTo(SAME_SIGNAL_MS - 1);
    rig.send(SIGINT);
    rig.send(SIGTERM);
    assert.equal(rig.exit(), undefined);
    assert.equal(rig.drain.state, "draining");
  });

  it("does not force the exit on the first signal after the program stopped itself", () => {
    const rig = new DrainRig();
    rig.admit("ordinary");
    rig.send({ kind: "stop", reason: "give up", exitCode: 5 });
    rig.runTo(5000);
    rig.send(SIGTERM);
    assert.equal(rig.exit(), undefined);
    rig.runTo(70_000);
    assert.equal(rig.exit(), 5);
  });

  it("skips the delay if the program is too broken to serve on", () => {
    const rig = new DrainRig();
    rig.runTo(1000);
    rig.send({ kind: "stop", reason: "broken", exitCode: 1, atOnce: true });
    rig.runTo(2000);
    assert.equal(rig.exit(), 1);
    assert.ok(rig.story().includes("1000 NotAcceptingNewRequest"), rig.story().join());
  });

  it("skips the delay if it was never ready", () => {
    const clock = new ManualClock();
    const drain = new Drain({ shutdownDelayMs: 10_000, shutdownTimeoutMs: 60_000, watchGraceMs: 0 });
    drain.handle(SIGTERM, clock.now());
    drain.handle({ kind: "pre-shutdown-hooks-finished" }, clock.now());
    assert.equal(drain.state, "drained");
  });

  it("ends 1000 watches evenly over 2 s: 500 a second", () => {
    const rig = new DrainRig({ watchGraceMs: 2000, shutdownDelayMs: 0 });
    for (let count = 0; count < 1000; count += 1) rig.admit("long-running");
    rig.send(SIGTERM);
    rig.runTo(60_000);
    for (let fromMs = 0; fromMs < 2000; fromMs += 100) {
      const count = endsIn(rig, fromMs, fromMs + 100);
      assert.ok(count >= 47 && count <= 53, `${count} watches ended from ${fromMs} ms on`);
    }
    assert.equal(rig.ends().flatMap(({ ids }) => ids).length, 1000);
    assert.equal(new Set(rig.ends().flatMap(({ ids }) => ids)).size, 1000);
    assert.equal(rig.exit(), 0);
  });

  it("ends few watches at 200 a second however long the grace", () => {
    const rig = new DrainRig({ watchGraceMs: 60_000, shutdownDelayMs: 0 });
    for (let count = 0; count < 100; count += 1) rig.admit("long-running");
    rig.send(SIGTERM);
    rig.runTo(1000);
    assert.equal(rig.ends().at(-1)?.atMs, 495);
    assert.equal(rig.exit(), 0);
  });

  it("ends all watches at once without grace", () => {
    const rig = new DrainRig({ watchGraceMs: 0, shutdownDelayMs: 0 });
    rig.areWatchesPolite = false;
    for (let count = 0; count < 5000; count += 1) rig.admit("long-running");
    rig.send(SIGTERM);
    rig.runTo(0);
    assert.equal(rig.ends().length, 1);
    assert.equal(rig.ends()[0]?.ids.length, 5000);
  });

  it("cuts watches that do not end although asked, after grace and margin", () => {
    const rig = new DrainRig({ watchGraceMs: 1000, shutdownDelayMs: 0 });
    rig.areWatchesPolite = false;
    rig.admit("long-running");
    rig.send(SIGTERM);
    rig.runTo(2999);
    assert.equal(rig.exit(), undefined);
    rig.runTo(3000);
    assert.equal(rig.exit(), 0);
    const drained = rig.log.find(({ output }) => output.kind === "event" && output.name === "ActiveWatchesDrained");
    assert.deepEqual(drained?.output.kind === "event" && drained.output.fields, { left: 1 });
  });

  it("waits for ordinary requests beyond the watch deadline", () => {
    const rig = new DrainRig({ watchGraceMs: 1000, shutdownDelayMs: 0 });
    rig.areWatchesPolite = false;
    rig.admit("long-running");
    const id = rig.admit("ordinary");
    rig.send(SIGTERM);
    rig.runTo(30_000);
    assert.equal(rig.drain.state, "closed");
    rig.send({ kind: "request-ended", id });
    rig.runTo(30_000);
    assert.equal(rig.exit(), 0);
  });

  it("counts requests in the last fifth of the delay and later as late, and reports the first ten", () => {
    const rig = new DrainRig();
    rig.send(SIGTERM);
    rig.runTo(7999);
    rig.admit("ordinary");
    assert.equal(rig.drain.counts().late, 0);
    rig.runTo(8000);
    for (let count = 0; count < 12; count += 1) rig.admit("ordinary");
    rig.runTo(10_000);
    rig.drain.admit("ordinary", rig.clock.now());
    rig.send({ kind: "timeout" });
    assert.equal(rig.drain.counts().late, 13);
    assert.equal(rig.log.filter(({ output }) => output.kind === "late-request").length, 10);
  });

  it("refuses what is over the cap with 429", () => {
    const rig = new DrainRig({ requestsMax: 2 });
    rig.admit("ordinary");
    rig.admit("ordinary");
    assert.deepEqual(rig.drain.admit("ordinary", rig.clock.now()), {
      kind: "refused",
      status: 429,
      retryAfterSeconds: 1,
    });
    rig.admit("long-running");
    rig.send({ kind: "request-ended", id: 1 });
    rig.admit("ordinary");
  });

  it("always exits within delay, timeout, close and stop limits, whatever happens", () => {
    for (let seed = 1; seed <= 300; seed += 1) checkRandomLife(seed);
  });
});

function endsIn(rig: DrainRig, fromMs: number, toMs: number): number {
  return rig
    .ends()
    .filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
    .reduce((sum, { ids }) => sum + ids.length, 0);
}

/** A life with random requests, hook times and rudeness: one exit, in time, nothing admitted after the close. */
function checkRandomLife(seed: number): void {
  const random = new SeededRandom(seed);
  const below = (limit: number): number => Math.floor(random.next() * limit);
  const rig = new DrainRig({
    shutdownDelayMs: below(5000),
    shutdownTimeoutMs: below(20_000),
    watchGraceMs: below(8000),
  });
  rig.hooksMs = below(4) === 0 ? undefined : below(10_000);
  rig.tellMs = below(4) === 0 ? undefined : below(1000);
  rig.serversMs = below(4) === 0 ? undefined : below(1000);
  rig.stopMs = below(4) === 0 ? undefined : below(1000);
  rig.areWatchesPolite = below(2) === 0;
  const running: number[] = [];
  let isSignalled = false;
  let nowMs = 0;
  for (let step = 0; step < 200; step += 1) {
    nowMs += below(300);
    rig.runTo(nowMs);
    if (!isSignalled && step > 40 && below(5) === 0) {
      isSignalled = true;
      rig.send(SIGTERM);
    }
    const admission = rig.drain.admit(below(2) === 0 ? "ordinary" : "long-running", rig.clock.now());
    const isOpen = rig.drain.state === "ready" || rig.drain.state === "draining";
    assert.equal(admission.kind === "admitted", isOpen, `seed ${seed}: admission in state ${rig.drain.state}`);
    if (admission.kind === "admitted") running.push(admission.id);
    if (running.length > 0 && below(2) === 0)
      rig.send({ kind: "request-ended", id: running.splice(below(running.length), 1)[0] ?? 0 });
  }
  if (!isSignalled) rig.send(SIGTERM);
  rig.runTo(nowMs + 5000 + 20_000 + TELL_CONNECTIONS_MS + SERVER_CLOSE_MS * 2 + STOP_HOOKS_MS);
  assert.equal(rig.exit(), 0, `seed ${seed}: state ${rig.drain.state}`);
  assert.equal(rig.log.filter(({ output }) => output.kind === "exit").length, 1, `seed ${seed}`);
}
