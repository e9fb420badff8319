// Seeded simulations: random writes and faults between a machine and a server; the follower must end up equal to it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock, type Millis, randomInteger, SeededRandom } from "@coracle/base";
import {
  formatCursor,
  internalErrorStatus,
  type KubeObject,
  type KubeStatus,
  ListWatchMachine,
  makeStatus,
  parseCursor,
  serviceUnavailableStatus,
  tooManyRequestsStatus,
  type WatchCursor,
  type WatchStreamEvent,
} from "./mod.ts";
import { type Connection, SimulatedServer, type StreamingSupport } from "./testing/simulated-server.ts";

const SEEDS = 100;
const STEPS = 400;
const CHECKPOINTS = 4;

/** A consumer that keeps states and checks every promise of the event stream. */
class Follower {
  readonly #tracked: boolean;
  state = new Map<string, KubeObject>();
  #staged: Map<string, KubeObject> | undefined;
  /** The changes since the last state, if it has not been broken by a gap. */
  changes: WatchStreamEvent[] = [];
  syncedAt: bigint | undefined;

  constructor(tracked: boolean) {
    this.#tracked = tracked;
  }

  take(event: WatchStreamEvent): void {
    switch (event.kind) {
      case "sync-start":
        this.#staged = new Map();
        return;
      case "item":
        assert.ok(this.#staged !== undefined, "an item outside a state");
        this.#staged.set(event.object.metadata.name ?? "", event.object);
        return;
      case "sync-end":
        assert.ok(this.#staged !== undefined, "an end without a state");
        this.state = this.#staged;
        this.#staged = undefined;
        this.changes = [];
        this.syncedAt = BigInt(event.resourceVersion);
        return;
      case "upsert":
      case "remove":
        return this.#change(event);
      case "gap":
        this.syncedAt = undefined;
        return;
      case "bookmark":
      case "error":
    }
  }

  #change(event: Extract<WatchStreamEvent, { kind: "upsert" | "remove" }>): void {
    const { name = "", uid, resourceVersion } = event.object.metadata;
    if (this.#staged !== undefined) {
      assert.equal(event.kind, "remove", "an upsert inside a state");
      this.#staged.delete(name);
      return;
    }
    const known = this.state.get(name)?.metadata;
    if (event.kind === "remove") {
      if (this.#tracked || this.syncedAt !== undefined) assert.equal(known?.uid, uid, `removed ${name} twice`);
      this.state.delete(name);
    } else {
      assert.notEqual(known?.resourceVersion, resourceVersion, `told ${name}@${resourceVersion} twice`);
      this.state.set(name, event.object);
    }
    this.changes.push(event);
  }

  /** Forgets what a crashed process would: states that were still arriving. */
  restart(): void {
    this.#staged = undefined;
  }
}

class Simulation {
  readonly random: SeededRandom;
  readonly clock = new ManualClock();
  readonly server: SimulatedServer;
  readonly follower: Follower;
  readonly #tracked: boolean;
  machine: ListWatchMachine;
  #cursor: WatchCursor | undefined;
  #request:
    { readonly id: number; connection: Connection | undefined; asked: () => Connection | KubeStatus } | undefined;
  faults = true;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    const support = (["yes", "refused", "ignored"] as const)[seed % 3] satisfies StreamingSupport | undefined;
    this.server = new SimulatedServer(this.random, support ?? "yes");
    this.#tracked = seed % 2 === 0;
    this.follower = new Follower(this.#tracked);
    this.machine = this.#start();
  }

  #start(): ListWatchMachine {
    const text = this.#cursor === undefined ? undefined : formatCursor(this.#cursor);
    const cursor = text === undefined ? undefined : parseCursor(text);
    this.machine = new ListWatchMachine({
      random: this.random,
      resource: "/api/v1/pods",
      pageSize: 3,
      trackKeys: this.#tracked,
      ...(cursor === undefined ? {} : { cursor }),
    });
    this.#input({ kind: "start" });
    return this.machine;
  }

  #input(input: Parameters<ListWatchMachine["handle"]>[0]): void {
    this.machine.handle(input, this.clock.now());
    for (let output = this.machine.poll(); output !== undefined; output = this.machine.poll()) {
      if (output.kind === "event") {
        this.follower.take(output.event);
        this.#cursor = this.machine.cursor();
      } else if (output.kind === "open") {
        const { id, mode, options } = output;
        assert.equal(this.#request, undefined, "two requests at once");
        this.#request = { id, connection: undefined, asked: () => this.server.accept(mode, options) };
      } else if (output.kind === "cancel") {
        if (this.#request?.id === output.id) this.#request = undefined;
      } else assert.fail("the machine stopped by itself");
    }
  }

  /** Moves time by at most `durationMs`, to the next deadline if that is sooner. */
  advance(durationMs: number): void {
    const next = this.machine.nextTimeout();
    const untilMs: number = this.clock.now() + durationMs;
    const stop = next === undefined ? untilMs : Math.min(next, untilMs);
    this.clock.advance(stop - this.clock.now());
    if (next !== undefined && next <= (this.clock.now() as Millis)) this.#input({ kind: "timeout" });
  }

  /** The server does one thing for the open request. */
  serve(): void {
    const request = this.#request;
    if (request === undefined) return;
    const { id } = request;
    if (request.connection === undefined) {
      const answer = request.asked();
      if ("mode" in answer) {
        request.connection = answer;
        return this.#input({ kind: "opened", id });
      }
      this.#request = undefined;
      return this.#input({ kind: "refused", id, status: answer });
    }
    const output = this.server.send(request.connection, this.random.next() < 0.2);
    if (output === undefined) return;
    // A list is over with its end, so the next request may go out at once.
    if (output.kind === "list-end") this.#request = undefined;
    this.#input({ kind: "output", id, output });
  }

  /** One of the things that go wrong. */
  fail(): void {
    const request = this.#request;
    const dice = randomInteger(this.random, 0, 11);
    if (dice === 0) return this.server.compact(BigInt(randomInteger(this.random, 0, 10)));
    if (dice === 1 && this.random.next() < 0.3) return this.server.restore();
    if (dice === 2) {
      // The process dies; what it was told is kept with the cursor, the rest is gone.
      this.#request = undefined;
      this.follower.restart();
      this.#start();
      return;
    }
    if (dice === 3) return this.clock.jumpWall(randomInteger(this.random, -1e9, 1e9));
    if (request === undefined) return;
    const { id } = request;
    if (request.connection === undefined) {
      this.#request = undefined;
      const statuses = [internalErrorStatus("x"), serviceUnavailableStatus("x"), tooManyRequestsStatus("x", 2)];
      statuses.push(
        makeStatus({ reason: "Unauthorized", message: "x" }),
        makeStatus({ reason: "NotFound", message: "x" }),
      );
      const status = statuses[dice - 4];
      if (status === undefined) return this.#input({ kind: "closed", id, error: "connection refused" });
      return this.#input({ kind: "refused", id, status, retryAfterMs: 500 });
    }
    if (dice === 4) {
      request.connection.dead = true;
      return;
    }
    if (dice === 5 && request.connection.mode !== "list")
      return this.#input({ kind: "output", id, output: { kind: "status", status: internalErrorStatus("x") } });
    if (dice === 6)
      return this.#input({ kind: "output", id, output: { kind: "error", code: "TRUNCATED", message: "cut" } });
    this.#request = undefined;
    this.#input({ kind: "closed", id, ...(dice < 9 ? { error: "reset" } : {}) });
  }

  step(): void {
    const dice = this.random.next();
    if (dice < 0.35) this.server.write();
    else if (dice < 0.8) this.serve();
    else if (dice < 0.9) this.advance(randomInteger(this.random, 1, 30_000));
    else if (this.faults) this.fail();
  }

  /** Without faults and writes: serves until nothing is left to say, through every dead connection and wait. */
  settle(): void {
    for (let round = 0; round < 3000; round++) {
      this.serve();
      this.serve();
      this.advance(2000);
    }
  }

  check(): void {
    const expected = [...this.server.state.values()].map((object) => object.metadata);
    const actual = [...this.follower.state.values()].map((object) => object.metadata);
    const byName = (a: { name?: string }, b: { name?: string }): number => ((a.name ?? "") < (b.name ?? "") ? -1 : 1);
    assert.deepEqual(actual.toSorted(byName), expected.toSorted(byName));
  }
}

test(`a follower equals the server at every checkpoint, for ${SEEDS} seeds of faults`, () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const simulation = new Simulation(seed);
    try {
      for (let checkpoint = 0; checkpoint < CHECKPOINTS; checkpoint++) {
        simulation.faults = true;
        for (let step = 0; step < STEPS; step++) simulation.step();
        simulation.settle();
        simulation.check();
      }
    } catch (error) {
      throw new Error(`seed ${seed} fails`, { cause: error });
    }
  }
});

test("between a state and a gap every change is told exactly once and in order", () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const simulation = new Simulation(seed);
    for (let step = 0; step < STEPS; step++) simulation.step();
    simulation.settle();
    const { follower, server } = simulation;
    if (follower.syncedAt === undefined || follower.syncedAt < server.compacted) continue;
    const told = follower.changes.map(({ kind, ...event }) =>
      "object" in event ? `${kind} ${event.object.metadata.name}@${event.object.metadata.resourceVersion}` : kind,
    );
    const written = server
      .since(follower.syncedAt)
      .map(
        ({ type, object }) =>
          `${type === "DELETED" ? "remove" : "upsert"} ${object.metadata.name}@${object.metadata.resourceVersion}`,
      );
    assert.deepEqual(told, written, `seed ${seed}`);
  }
});
