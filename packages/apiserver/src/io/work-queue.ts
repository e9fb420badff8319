// A queue of keys to reconcile: a key waits once, runs alone, and comes back after a backoff when its run fails.
import type { Random } from "@coracle/base";
import type { Logger } from "@coracle/lifecycle";
import { startTimer, type Timer } from "@coracle/runtime";

/** How a queue works. */
export interface WorkQueueOptions {
  readonly name: string;
  readonly workers: number;
  readonly log: Logger;
  readonly random: Random;
  /** Brings one key to where it should be; a throw brings it back later. */
  readonly reconcile: (key: string) => Promise<void>;
}

const BACKOFF = { initialMs: 100, maxMs: 30_000, factor: 2, jitter: 0.2 };

/** Level-based work: keys, never events. */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #waiting: Set<string> = new Set();
  readonly #running: Set<string> = new Set();
  readonly #again: Set<string> = new Set();
  readonly #failures: Map<string, number> = new Map();
  readonly #timers: Map<string, Timer> = new Map();
  #stopped = false;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  get depth(): number {
    return this.#waiting.size + this.#timers.size;
  }

  /** Has the key looked at soon; asked for again while it runs, it runs once more. */
  add(key: string): void {
    if (this.#stopped) return;
    if (this.#running.has(key)) {
      this.#again.add(key);
      return;
    }
    this.#waiting.add(key);
    this.#pump();
  }

  /** Has the key looked at after a time; the earlier wish wins. */
  addAfter(key: string, delayMs: number): void {
    if (this.#stopped || this.#timers.has(key)) return;
    this.#timers.set(
      key,
      startTimer(delayMs, () => {
        this.#timers.delete(key);
        this.add(key);
      }),
    );
  }

  /** Takes nothing more in and forgets what waits. */
  stop(): void {
    this.#stopped = true;
    this.#waiting.clear();
    this.#again.clear();
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #pump(): void {
    while (this.#running.size < this.#options.workers) {
      const [key] = this.#waiting;
      if (key === undefined) return;
      this.#waiting.delete(key);
      this.#running.add(key);
      void this.#run(key);
    }
  }

  async #run(key: string): Promise<void> {
    try {
      await this.#options.reconcile(key);
      this.#failures.delete(key);
    } catch (error) {
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      const delayMs = Math.min(BACKOFF.maxMs, BACKOFF.initialMs * BACKOFF.factor ** (failures - 1));
      if (!this.#stopped) {
        this.#options.log.warning("Reconciling failed", { queue: this.#options.name, key, failures, error });
      }
      this.addAfter(key, delayMs * (1 + BACKOFF.jitter * this.#options.random.next()));
    } finally {
      this.#running.delete(key);
      if (this.#again.delete(key)) this.add(key);
      this.#pump();
    }
  }
}
