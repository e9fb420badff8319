// Which change's command runs next: bounded concurrency, one at a time per object, newest state wins while waiting.
import { assert, type Machine, type Millis } from "@coracle/base";

/** A change to run the command for. */
export interface ExecChange {
  /** Identity of the object: changes of one key never run side by side and keep their order. */
  readonly key: string;
  readonly kind: "upsert" | "remove";
  readonly payload: string;
}

/** What happens to the queue. */
export type ExecInput =
  | { readonly kind: "change"; readonly change: ExecChange }
  | { readonly kind: "exited"; readonly key: string; readonly code: number }
  | { readonly kind: "timeout" };

/** What the driver has to do. */
export type ExecOutput =
  { readonly kind: "start"; readonly change: ExecChange } | { readonly kind: "kill"; readonly key: string };

/** Limits of an {@link ExecQueue}. */
export interface ExecQueueOptions {
  readonly concurrencyMax: number;
  readonly timeoutMs: number;
  /** Objects waiting; past it `full` is true and the driver stops reading the stream. */
  readonly waitingMax: number;
}

/**
 * Decides when commands start. A change for an object that already waits replaces the waiting one (the command sees the
 * newest state), so the queue is bounded by the number of objects, and `full` bounds it absolutely.
 */
export class ExecQueue implements Machine<ExecInput, ExecOutput> {
  readonly #options: ExecQueueOptions;
  readonly #waiting = new Map<string, ExecChange>();
  readonly #running = new Map<string, { readonly deadline: Millis; readonly killed: boolean }>();
  readonly #outputs: ExecOutput[] = [];
  #coalesced = 0;
  #failed = 0;

  constructor(options: ExecQueueOptions) {
    assert(options.concurrencyMax > 0, `Cannot run commands with a concurrency of ${options.concurrencyMax}`);
    this.#options = options;
  }

  /** The driver must not push further changes until this is false again. */
  get full(): boolean {
    return this.#waiting.size >= this.#options.waitingMax;
  }

  get idle(): boolean {
    return this.#waiting.size === 0 && this.#running.size === 0;
  }

  /** Changes replaced by newer ones before their turn; commands that exited with other than 0. */
  get counts(): { readonly coalesced: number; readonly failed: number } {
    return { coalesced: this.#coalesced, failed: this.#failed };
  }

  handle(input: ExecInput, now: Millis): void {
    switch (input.kind) {
      case "change": {
        const { change } = input;
        assert(
          !this.full || this.#waiting.has(change.key),
          `Cannot queue a command: ${this.#waiting.size} objects wait`,
        );
        if (this.#waiting.has(change.key)) this.#coalesced++;
        this.#waiting.set(change.key, change);
        break;
      }
      case "exited":
        this.#running.delete(input.key);
        if (input.code !== 0) this.#failed++;
        break;
      case "timeout":
        for (const [key, { deadline, killed }] of this.#running) {
          if (killed || deadline > now) continue;
          this.#running.set(key, { deadline, killed: true });
          this.#outputs.push({ kind: "kill", key });
        }
        break;
    }
    this.#startWaiting(now);
  }

  poll(): ExecOutput | undefined {
    return this.#outputs.shift();
  }

  nextTimeout(): Millis | undefined {
    let earliest: Millis | undefined;
    for (const { deadline, killed } of this.#running.values()) {
      if (!killed && (earliest === undefined || deadline < earliest)) earliest = deadline;
    }
    return earliest;
  }

  #startWaiting(now: Millis): void {
    for (const [key, change] of this.#waiting) {
      if (this.#running.size >= this.#options.concurrencyMax) return;
      if (this.#running.has(key)) continue;
      this.#waiting.delete(key);
      this.#running.set(key, { deadline: (now + this.#options.timeoutMs) as Millis, killed: false });
      this.#outputs.push({ kind: "start", change });
    }
  }
}
