// The termination machine with a driver on a virtual clock; everything it said is kept with its time.
import { assert, ManualClock } from "@coracle/base";
import { Drain } from "../src/core/drain.ts";
import type { DrainInput, DrainOptions, DrainOutput } from "../src/core/drain-types.ts";

/** One output and when it came. */
interface Logged {
  readonly atMs: number;
  readonly output: DrainOutput;
}

/** A machine with a driver whose hooks and servers take given times; everything it said is kept with its time. */
export class DrainRig {
  readonly clock: ManualClock = new ManualClock();
  readonly drain: Drain;
  readonly log: Logged[] = [];
  /** Time the driver's steps take; undefined: for ever. */
  hooksMs: number | undefined = 0;
  tellMs: number | undefined = 0;
  serversMs: number | undefined = 0;
  stopMs: number | undefined = 0;
  /** True: a watch that is asked to end does so at once. */
  areWatchesPolite: boolean = true;
  readonly #due: { atMs: number; input: DrainInput }[] = [];

  constructor(options: Partial<DrainOptions> = {}) {
    this.drain = new Drain({ shutdownDelayMs: 10_000, shutdownTimeoutMs: 60_000, watchGraceMs: 0, ...options });
    this.send({ kind: "started" });
  }

  /** Feeds the machine and carries out what it says. */
  send(input: DrainInput): void {
    this.drain.handle(input, this.clock.now());
    this.#collect();
  }

  /** Starts a request that must be let in; returns its id. */
  admit(kind: "ordinary" | "long-running"): number {
    const admission = this.drain.admit(kind, this.clock.now());
    assert(admission.kind === "admitted", `Cannot admit a request: state is ${this.drain.state}`);
    return admission.id;
  }

  /** Lets time pass until `atMs`, stopping at every deadline on the way. */
  runTo(atMs: number): void {
    for (;;) {
      const timer = this.drain.nextTimeout() ?? Number.POSITIVE_INFINITY;
      const step = this.#due.toSorted((a, b) => a.atMs - b.atMs)[0];
      const nextMs = Math.min(timer, step?.atMs ?? Number.POSITIVE_INFINITY);
      if (nextMs > atMs) break;
      this.clock.advance(nextMs - this.clock.now());
      if (step !== undefined && step.atMs === nextMs) {
        this.#due.splice(this.#due.indexOf(step), 1);
        this.send(step.input);
      } else this.send({ kind: "timeout" });
    }
    this.clock.advance(atMs - this.clock.now());
  }

  /** Names of events and steps with their times: `1000 ShutdownInitiated`. */
  story(): string[] {
    return this.log.flatMap(({ atMs, output }) => {
      if (output.kind === "event") return [`${atMs} ${output.name}`];
      if (output.kind === "exit") return [`${atMs} exit ${output.code}`];
      return output.kind === "end-long-running" ? [] : [`${atMs} ${output.kind}`];
    });
  }

  /** The exit code, once there is one. */
  exit(): number | undefined {
    for (const { output } of this.log) if (output.kind === "exit") return output.code;
    return undefined;
  }

  /** When which watches were asked to end. */
  ends(): { atMs: number; ids: readonly number[] }[] {
    return this.log.flatMap(({ atMs, output }) =>
      output.kind === "end-long-running" ? [{ atMs, ids: output.ids }] : [],
    );
  }

  #collect(): void {
    for (let output = this.drain.poll(); output !== undefined; output = this.drain.poll()) {
      const atMs: number = this.clock.now();
      this.log.push({ atMs, output });
      if (output.kind === "run-pre-shutdown-hooks") this.#later(this.hooksMs, { kind: "pre-shutdown-hooks-finished" });
      if (output.kind === "tell-connections") this.#later(this.tellMs, { kind: "connections-told" });
      if (output.kind === "close-servers") this.#later(this.serversMs, { kind: "servers-closed" });
      if (output.kind === "run-stop-hooks") this.#later(this.stopMs, { kind: "stop-hooks-finished" });
      if (output.kind === "end-long-running" && this.areWatchesPolite)
        for (const id of output.ids) this.#later(0, { kind: "request-ended", id });
    }
  }

  #later(afterMs: number | undefined, input: DrainInput): void {
    if (afterMs !== undefined) this.#due.push({ atMs: this.clock.now() + afterMs, input });
  }
}
