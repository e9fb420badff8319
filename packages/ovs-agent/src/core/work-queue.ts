// A queue of keys to work on, as controllers have it: each key once, never two workers on one key, failures come back later.
import { assert, type Machine, type Millis, millis } from "@coracle/base";

/** What happens to the queue. `ended`: work on a key ended; `retry` says that it must be done again, after a while. */
export type WorkQueueInput =
  | { readonly kind: "add"; readonly key: string }
  | { readonly kind: "ended"; readonly key: string; readonly retry: boolean }
  | { readonly kind: "timeout" };

/** Begin to work on this key. `waitedMs` is for how long it was due. */
export interface WorkStart {
  readonly kind: "start";
  readonly key: string;
  readonly waitedMs: number;
}

/** Settings of a {@link WorkQueue}. */
export interface WorkQueueOptions {
  readonly workersMax: number;
  /** Keys known at once; further ones are refused and counted. */
  readonly keysMax: number;
  /** First and longest wait before a retry; it doubles in between. */
  readonly retryMs: number;
  readonly retryMsMax: number;
}

/** Numbers for metrics; totals since the start. */
export interface WorkQueueCounts {
  readonly depth: number;
  readonly running: number;
  readonly added: number;
  readonly retried: number;
  readonly refused: number;
}

interface Work {
  /** When it became due; absent while it is neither due nor waiting for its retry. */
  dueSince: Millis | undefined;
  retryAt: Millis | undefined;
  runningSince: Millis | undefined;
  failures: number;
}

/** Decides what is worked on when. A key that is added while it is worked on is worked on once more. */
export class WorkQueue implements Machine<WorkQueueInput, WorkStart> {
  readonly #options: WorkQueueOptions;
  readonly #works = new Map<string, Work>();
  /** Due keys, the first come first. */
  readonly #due = new Set<string>();
  readonly #retries = new Set<string>();
  readonly #running = new Set<string>();
  readonly #outputs: WorkStart[] = [];
  #added = 0;
  #retried = 0;
  #refused = 0;

  constructor(options: WorkQueueOptions) {
    assert(options.workersMax > 0, `Cannot work without workers: current value is ${options.workersMax}`);
    this.#options = options;
  }

  handle(input: WorkQueueInput, now: Millis): void {
    if (input.kind === "add") this.#add(input.key, now);
    else if (input.kind === "ended") this.#end(input.key, input.retry, now);
    else this.#expire(now);
    this.#start(now);
  }

  poll(): WorkStart | undefined {
    return this.#outputs.shift();
  }

  nextTimeout(): Millis | undefined {
    let next: Millis | undefined;
    for (const key of this.#retries) {
      const at = this.#works.get(key)?.retryAt;
      if (at !== undefined && (next === undefined || at < next)) next = at;
    }
    return next;
  }

  counts(): WorkQueueCounts {
    return {
      depth: this.#due.size,
      running: this.#running.size,
      added: this.#added,
      retried: this.#retried,
      refused: this.#refused,
    };
  }

  /** How long the work that is being done has taken up to now: all of it together, and the longest. */
  unfinishedMs(now: Millis): { readonly sumMs: number; readonly longestMs: number } {
    let sumMs = 0;
    let longestMs = 0;
    for (const key of this.#running) {
      const ageMs = now - (this.#works.get(key)?.runningSince ?? now);
      sumMs += ageMs;
      longestMs = Math.max(longestMs, ageMs);
    }
    return { sumMs, longestMs };
  }

  #add(key: string, now: Millis): void {
    const known = this.#works.get(key);
    if (known === undefined && this.#works.size >= this.#options.keysMax) {
      this.#refused++;
      return;
    }
    const work = known ?? { dueSince: undefined, retryAt: undefined, runningSince: undefined, failures: 0 };
    this.#works.set(key, work);
    this.#makeDue(key, work, now);
  }

  #makeDue(key: string, work: Work, now: Millis): void {
    if (work.dueSince === undefined) this.#added++;
    work.dueSince ??= now;
    work.retryAt = undefined;
    this.#retries.delete(key);
    if (work.runningSince === undefined) this.#due.add(key);
  }

  #end(key: string, retry: boolean, now: Millis): void {
    const work = this.#works.get(key);
    assert(work?.runningSince !== undefined, `Cannot end work that was not begun: current value is ${key}`);
    work.runningSince = undefined;
    this.#running.delete(key);
    work.failures = retry ? work.failures + 1 : 0;
    if (retry) this.#retried++;
    if (work.dueSince !== undefined && !retry) this.#due.add(key);
    else if (retry) {
      // What was added meanwhile waits as well: the failure was probably not the key's.
      const { retryMs, retryMsMax } = this.#options;
      work.dueSince = undefined;
      work.retryAt = millis(now + Math.min(retryMsMax, retryMs * 2 ** Math.min(work.failures - 1, 30)));
      this.#retries.add(key);
    } else this.#works.delete(key);
  }

  #expire(now: Millis): void {
    for (const key of this.#retries) {
      const work = this.#works.get(key);
      if (work?.retryAt !== undefined && work.retryAt <= now) this.#makeDue(key, work, now);
    }
  }

  #start(now: Millis): void {
    for (const key of this.#due) {
      if (this.#running.size >= this.#options.workersMax) return;
      const work = this.#works.get(key);
      assert(work?.dueSince !== undefined, `Cannot begin work that is not due: current value is ${key}`);
      this.#due.delete(key);
      const waitedMs = now - work.dueSince;
      work.dueSince = undefined;
      work.runningSince = now;
      this.#running.add(key);
      this.#outputs.push({ kind: "start", key, waitedMs });
    }
  }
}
