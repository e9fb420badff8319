// Changes that wait for the program of `--on-change`: a burst is told at once, and told again until the program took it.
import { assert, Backoff, type Millis, millis, type Random } from "@coracle/base";
import type { NodeChange } from "./node-change.ts";

/** How changes wait. */
export interface HookQueueOptions {
  /** Changes kept; the oldest make room, and are counted. */
  readonly waitingMax: number;
  /** The first change of a burst waits this long for others. */
  readonly settleMs: number;
  /** A program that fails is run this often with the same changes; then they are given up. */
  readonly attemptsMax: number;
  readonly random: Random;
}

/** What to tell now, oldest first, and how many changes before were left out. */
export interface HookJob {
  readonly changes: readonly NodeChange[];
  readonly missed: number;
}

const RETRY = { initialMs: 1000, capMs: 60_000, factor: 2, jitter: 0.5, resetMs: Number.POSITIVE_INFINITY } as const;

/** One job at a time. Every job comes with all nodes as they are then, so what is left out is only the way there. */
export class HookQueue {
  /** Changes that no program was told, and those that were told in vain. */
  readonly counts: { leftOut: number; givenUp: number } = { leftOut: 0, givenUp: 0 };
  readonly #options: HookQueueOptions;
  readonly #backoff: Backoff;
  #waiting: NodeChange[] = [];
  #missed = 0;
  #job: HookJob | undefined;
  #failures = 0;
  #startAt: Millis | undefined;

  constructor(options: HookQueueOptions) {
    const { waitingMax, attemptsMax } = options;
    assert(waitingMax > 0, `Cannot queue changes: waitingMax is ${waitingMax}`);
    assert(attemptsMax > 0, `Cannot queue changes: attemptsMax is ${attemptsMax}`);
    this.#options = options;
    this.#backoff = new Backoff(RETRY, options.random);
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Lets a change wait. */
  push(change: NodeChange, now: Millis): void {
    this.#waiting.push(change);
    this.#trim();
    this.#settle(now);
  }

  /** When to {@link take}; `undefined` while a job runs or nothing waits. */
  nextTimeout(): Millis | undefined {
    return this.#job === undefined ? this.#startAt : undefined;
  }

  /** The job to run now, if it is time. It runs until {@link ended} is called. */
  take(now: Millis): HookJob | undefined {
    const startAt = this.nextTimeout();
    if (startAt === undefined || startAt > now) return undefined;
    this.#startAt = undefined;
    this.#job = { changes: this.#waiting, missed: this.#missed };
    this.#waiting = [];
    this.#missed = 0;
    return this.#job;
  }

  /** The job that runs has ended. */
  ended(succeeded: boolean, now: Millis): void {
    const job = this.#job;
    assert(job !== undefined, "Cannot end a job: none runs");
    this.#job = undefined;
    this.#failures = succeeded ? 0 : this.#failures + 1;
    if (!succeeded && this.#failures < this.#options.attemptsMax) {
      this.#waiting = [...job.changes, ...this.#waiting];
      this.#missed += job.missed;
      this.#trim();
      this.#startAt = millis(now + this.#backoff.step(now));
      return;
    }
    if (!succeeded) this.counts.givenUp += job.changes.length;
    this.#failures = 0;
    this.#backoff.reset();
    if (this.#waiting.length > 0) this.#settle(now);
  }

  #settle(now: Millis): void {
    if (this.#job === undefined) this.#startAt ??= millis(now + this.#options.settleMs);
  }

  #trim(): void {
    const excess = this.#waiting.length - this.#options.waitingMax;
    if (excess <= 0) return;
    this.#waiting.splice(0, excess);
    this.#missed += excess;
    this.counts.leftOut += excess;
  }
}
