// Which command around an interface's life runs when: a few at once, one at a time for each attachment, in order.
import { assert, type Machine, type Millis } from "@coracle/base";
import type { ExecMoment } from "./exec-command.ts";

/** A command to run. */
export interface ExecJob {
  /** Jobs of one owner run one after the other: a command after deletion waits for the one after creation. */
  readonly owner: string;
  readonly moment: ExecMoment;
  /** After expansion. */
  readonly command: readonly string[];
  /** Tells a run apart from those of other interfaces of the owner. */
  readonly id: number;
}

/** What happens to the queue. */
export type ExecQueueInput =
  { readonly kind: "submit"; readonly job: ExecJob } | { readonly kind: "ended"; readonly job: ExecJob };

/** What the driver has to do. A refused job found the queue full. */
export type ExecQueueOutput = { readonly kind: "start" | "refuse"; readonly job: ExecJob };

/** Limits of an {@link ExecQueue}. */
export interface ExecQueueOptions {
  readonly concurrencyMax: number;
  readonly waitingMax: number;
}

/** Decides when commands start. Time limits are the runner's. */
export class ExecQueue implements Machine<ExecQueueInput, ExecQueueOutput> {
  readonly #options: ExecQueueOptions;
  readonly #waiting: ExecJob[] = [];
  readonly #running = new Set<string>();
  readonly #outputs: ExecQueueOutput[] = [];

  constructor(options: ExecQueueOptions) {
    assert(options.concurrencyMax > 0, `Cannot run commands: current value is concurrency ${options.concurrencyMax}`);
    this.#options = options;
  }

  get running(): number {
    return this.#running.size;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  handle(input: ExecQueueInput): void {
    if (input.kind === "ended") this.#running.delete(input.job.owner);
    else if (this.#waiting.length >= this.#options.waitingMax) this.#outputs.push({ kind: "refuse", job: input.job });
    else this.#waiting.push(input.job);
    this.#startWaiting();
  }

  poll(): ExecQueueOutput | undefined {
    return this.#outputs.shift();
  }

  /** Never: nothing here depends on time. */
  nextTimeout(): Millis | undefined {
    return undefined;
  }

  #startWaiting(): void {
    for (let index = 0; index < this.#waiting.length && this.#running.size < this.#options.concurrencyMax;) {
      const job = this.#waiting[index];
      assert(job !== undefined, `Cannot start a command: nothing waits at ${index}`);
      if (this.#running.has(job.owner)) {
        index++;
        continue;
      }
      this.#waiting.splice(index, 1);
      this.#running.add(job.owner);
      this.#outputs.push({ kind: "start", job });
    }
  }
}
