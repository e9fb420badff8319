// Tests of leader election: many candidates on a virtual clock, with clocks that differ, lost requests, crashes, release.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock, millis, randomInteger, SeededRandom } from "@coracle/base";
import { ELECTION_TIMES, type ElectionInput, LeaderElection, type ObservedLease } from "./leader-election.ts";
import { leaseObject, type LeaseRecord, readLease } from "./lease-record.ts";
import { EventLoop } from "../testing/event-loop.ts";

class Lease {
  current: ObservedLease | undefined;
  #version = 0;

  write(record: LeaseRecord, expected: string | undefined): string {
    if (this.current?.resourceVersion !== expected) return "";
    this.current = { record, resourceVersion: String(++this.#version) };
    return this.current.resourceVersion;
  }
}

class Candidate {
  readonly election: LeaderElection;
  readonly changes: string[] = [];
  isCut = false;
  lostAnswers = 0;
  readonly #loop: EventLoop;
  readonly #lease: Lease;
  readonly #random: SeededRandom;

  constructor(identity: string, options: { loop: EventLoop; lease: Lease; seed: number; wallOffsetMs: number }) {
    this.#loop = options.loop;
    this.#lease = options.lease;
    this.#random = new SeededRandom(options.seed);
    const { clock } = options.loop;
    const skewed = { now: () => clock.now(), wallMs: () => clock.wallMs() + options.wallOffsetMs };
    this.election = new LeaderElection({ identity, clock: skewed, random: this.#random });
  }

  give(input: ElectionInput): void {
    this.election.handle(input, this.#loop.now);
    for (let output = this.election.poll(); output !== undefined; output = this.election.poll()) {
      if (output.kind === "read") this.#request("read", () => ({ kind: "read", lease: this.#lease.current ?? "none" }));
      else if (output.kind === "write") {
        const { record, resourceVersion } = output;
        this.#request("written", () => ({
          kind: "written",
          resourceVersion: this.#lease.write(record, resourceVersion),
        }));
      } else this.changes.push(output.kind);
    }
    const timeout = this.election.nextTimeout();
    if (timeout !== undefined) this.#loop.at(timeout, () => this.give({ kind: "timeout" }));
  }

  #request(kind: "read" | "written", act: () => ElectionInput): void {
    const delay = (): number => randomInteger(this.#random, 1, 200);
    this.#loop.after(delay(), () => {
      const answer = this.isCut ? undefined : act();
      if (answer !== undefined && this.#random.next() >= this.lostAnswers)
        this.#loop.after(delay(), () => this.give(answer));
      else {
        const failure: ElectionInput = kind === "read" ? { kind, lease: "failed" } : { kind, resourceVersion: "" };
        this.#loop.after(5000, () => this.give(failure));
      }
    });
  }
}

test("with lost answers, cut networks and clocks hours apart there is never more than one leader, and soon there is one", () => {
  for (let seed = 0; seed < 30; seed++) {
    const loop = new EventLoop();
    const lease = new Lease();
    const random = new SeededRandom(seed);
    const candidates = [0, 1, 2].map(
      (index) =>
        new Candidate(`c${index}`, { loop, lease, seed: seed * 3 + index, wallOffsetMs: (index - 1) * 7_200_000 }),
    );
    for (const each of candidates) {
      each.lostAnswers = 0.02;
      each.give({ kind: "start" });
    }
    const isRenewing = (each: Candidate): boolean => each.election.isLeading;
    let leaderSeconds = 0;
    for (let second = 0; second < 600; second++) {
      loop.run(loop.now + 1000);
      const leaders = candidates.filter(isRenewing);
      assert.ok(leaders.length <= 1, `seed ${seed}: ${leaders.length} lead at second ${second}`);
      leaderSeconds += leaders.length;
      if (second % 60 === 30) for (const each of candidates) each.isCut = random.next() < 0.3;
      if (second > 540) for (const each of candidates) each.isCut = false;
    }
    assert.equal(candidates.filter(isRenewing).length, 1, `seed ${seed}: somebody leads in the end`);
    assert.ok(leaderSeconds > 200, `seed ${seed}: led for ${leaderSeconds} of 600 seconds`);
  }
});

test("a leader that cannot renew stops before its lease can be taken", () => {
  const loop = new EventLoop();
  const lease = new Lease();
  const [a, b] = ["a", "b"].map((name, seed) => new Candidate(name, { loop, lease, seed, wallOffsetMs: 0 }));
  assert.ok(a !== undefined && b !== undefined);
  a.give({ kind: "start" });
  loop.run(loop.now + 1000);
  b.give({ kind: "start" });
  loop.run(loop.now + 5000);
  assert.deepEqual([a.changes, b.changes], [["leading"], []]);
  a.isCut = true;
  const cutAt = loop.now;
  while (b.changes.length === 0) loop.run(loop.now + 100);
  assert.deepEqual(a.changes, ["leading", "lost"]);
  const takenAfterMs = loop.now - cutAt;
  assert.ok(
    takenAfterMs < ELECTION_TIMES.leaseDurationMs + 2.2 * ELECTION_TIMES.retryPeriodMs + 6000,
    `${takenAfterMs}`,
  );
  a.isCut = false;
  loop.run(loop.now + 60_000);
  assert.deepEqual([a.changes, b.changes], [["leading", "lost"], ["leading"]]);
});

test("on stop the lease is given up, and another takes it without waiting for it to expire", () => {
  const loop = new EventLoop();
  const lease = new Lease();
  const [a, b] = ["a", "b"].map((name, seed) => new Candidate(name, { loop, lease, seed: seed + 5, wallOffsetMs: 0 }));
  assert.ok(a !== undefined && b !== undefined);
  a.give({ kind: "start" });
  loop.run(loop.now + 1000);
  b.give({ kind: "start" });
  loop.run(loop.now + 3000);
  a.give({ kind: "stop" });
  while (!a.changes.includes("stopped")) loop.run(loop.now + 50);
  assert.deepEqual(a.changes, ["leading", "lost", "stopped"]);
  assert.equal(lease.current?.record.holder, "");
  const releasedAt = loop.now;
  while (b.changes.length === 0) loop.run(loop.now + 50);
  assert.ok(loop.now - releasedAt < 2.2 * ELECTION_TIMES.retryPeriodMs + 1000);
  assert.deepEqual([lease.current?.record.holder, lease.current?.record.transitions], ["b", 1]);
});

test("a candidate that does not lead stops at once; a lease read back is the one written", () => {
  const clock = new ManualClock();
  const election = new LeaderElection({ identity: "x", clock, random: new SeededRandom(1) });
  election.handle({ kind: "stop" }, millis(0));
  assert.deepEqual(election.poll(), { kind: "stopped" });
  const record = { holder: "x", durationSeconds: 15, acquiredAt: "a", renewedAt: "b", transitions: 3 };
  const object = leaseObject({ namespace: "n", name: "l" }, record, "7");
  assert.deepEqual(readLease(object), { record, resourceVersion: "7" });
  assert.equal(readLease({ metadata: {} }).record.holder, "");
});
