// Runs the program of `--on-change`: one at a time, without a shell, the change as JSON on its input.
import type { Logger } from "@coracle/lifecycle";
import { environment, runProcess } from "@coracle/runtime";
import { type HookJob, HookQueue } from "../core/hook-queue.ts";
import { hookInput, type NodeChange } from "../core/node-change.ts";

/** What is run, and how. */
export interface HookRunnerOptions {
  readonly argv: readonly string[];
  readonly timeoutMs: number;
  readonly waitingMax: number;
  readonly log: Logger;
}

const OUTPUT_SIZE_BYTES_MAX = 64 * 1024;
const STDERR_SHOWN_MAX = 200;
/** What of the environment the program sees: nothing that could be a secret, such as that of the cluster. */
const PASSED_ON = ["PATH", "HOME", "LANG", "TZ"];

/** Runs one program after the other. */
export class HookRunner {
  readonly runs: { succeeded: number; failed: number; timedOut: number; notStarted: number } = {
    succeeded: 0,
    failed: 0,
    timedOut: 0,
    notStarted: 0,
  };
  readonly #options: HookRunnerOptions;
  readonly #queue: HookQueue;
  readonly #ending = new AbortController();

  constructor(options: HookRunnerOptions) {
    this.#options = options;
    this.#queue = new HookQueue(options);
  }

  get waiting(): number {
    return this.#queue.waiting;
  }

  /** Changes that no program was told. */
  get missed(): number {
    return this.#queue.missed;
  }

  /** Lets a change wait for its turn. */
  push(change: NodeChange): void {
    this.#start(this.#queue.push(change));
  }

  /** Kills what runs and starts nothing more. */
  stop(): void {
    this.#ending.abort();
  }

  #start(job: HookJob | undefined): void {
    if (job !== undefined && !this.#ending.signal.aborted) void this.#run(job);
  }

  async #run(job: HookJob): Promise<void> {
    await this.#execute(job);
    this.#start(this.#queue.ended());
  }

  async #execute({ change, missed }: HookJob): Promise<void> {
    const { argv, timeoutMs, log } = this.#options;
    const all = environment();
    const env = Object.fromEntries(PASSED_ON.map((name) => [name, all[name]]));
    const fields = { change: change.event.kind, number: change.number };
    try {
      const result = await runProcess(argv, {
        env: { ...env, CORACLE_CHANGE: change.event.kind },
        stdin: hookInput(change, missed),
        ownGroup: true,
        timeoutMs,
        outputSizeBytesMax: OUTPUT_SIZE_BYTES_MAX,
        signal: this.#ending.signal,
      });
      if (result.isTimedOut) this.runs.timedOut++;
      else if (result.code === 0) this.runs.succeeded++;
      else this.runs.failed++;
      if (result.code === 0) return;
      const stderr = new TextDecoder().decode(result.stderr).slice(0, STDERR_SHOWN_MAX).split("\n", 1)[0];
      log.warning("Program failed", { ...fields, exitCode: result.code, timedOut: result.isTimedOut, stderr });
    } catch (error) {
      this.runs.notStarted++;
      log.error("Program not started", { ...fields, error });
    }
  }
}
