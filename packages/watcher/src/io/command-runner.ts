// Runs the --exec command for changes: the queue decides, this spawns, waits and kills.
import type { Clock } from "@coracle/base";
import type { Logger } from "@coracle/lifecycle";
import { environment, runProcess, startTimer, type Timer } from "@coracle/runtime";
import { type ExecChange, type ExecInput, ExecQueue } from "../core/exec-queue.ts";

/** How commands are run. */
export interface CommandRunnerOptions {
  /** Program and arguments; no shell is involved. */
  readonly argv: readonly string[];
  readonly concurrencyMax: number;
  readonly timeoutMs: number;
  readonly waitingMax: number;
  readonly clock: Clock;
  readonly log: Logger;
}

const OUTPUT_SIZE_BYTES_MAX = 64 << 10;
const START_FAILED_CODE = 127;
const KILLED_CODE = 137;

/** Runs the command with the change as JSON on standard input and its key facts in the environment. */
export class CommandRunner {
  readonly #options: CommandRunnerOptions;
  readonly #queue: ExecQueue;
  readonly #kills = new Map<string, AbortController>();
  readonly #waiters = new Set<() => void>();
  #timer: Timer | undefined;

  constructor(options: CommandRunnerOptions) {
    this.#options = options;
    this.#queue = new ExecQueue(options);
  }

  get counts(): { readonly coalesced: number; readonly failed: number } {
    return this.#queue.counts;
  }

  /** Queues a change; resolves at once unless too many objects wait, then when there is room: the stream is read no further. */
  async push(change: ExecChange): Promise<void> {
    while (this.#queue.full) await this.#progress();
    this.#send({ kind: "change", change });
  }

  /** Resolves when nothing waits or runs. */
  async idle(): Promise<void> {
    while (!this.#queue.idle) await this.#progress();
  }

  /** Kills what runs. */
  stop(): void {
    for (const kill of this.#kills.values()) kill.abort();
  }

  #progress(): Promise<void> {
    return new Promise((resolve) => this.#waiters.add(resolve));
  }

  #send(input: ExecInput): void {
    const { clock } = this.#options;
    this.#queue.handle(input, clock.now());
    for (let output = this.#queue.poll(); output !== undefined; output = this.#queue.poll()) {
      if (output.kind === "start") void this.#run(output.change);
      else this.#kills.get(output.key)?.abort();
    }
    this.#timer?.cancel();
    const deadline = this.#queue.nextTimeout();
    if (deadline !== undefined) {
      this.#timer = startTimer(Math.max(0, deadline - clock.now()), () => this.#send({ kind: "timeout" }));
    }
  }

  async #run(change: ExecChange): Promise<void> {
    const kill = new AbortController();
    this.#kills.set(change.key, kill);
    const code = await this.#exitCode(change, kill.signal);
    this.#kills.delete(change.key);
    this.#send({ kind: "exited", key: change.key, code });
    for (const wake of this.#waiters) wake();
    this.#waiters.clear();
  }

  async #exitCode(change: ExecChange, signal: AbortSignal): Promise<number> {
    const { argv, log } = this.#options;
    try {
      const result = await runProcess(argv, {
        env: { ...environment(), CORACLE_EVENT: change.kind, CORACLE_OBJECT: change.key },
        stdin: change.payload,
        ownGroup: true,
        outputSizeBytesMax: OUTPUT_SIZE_BYTES_MAX,
        signal,
      });
      const code = result.code ?? KILLED_CODE;
      const fields = { object: change.key, exitCode: code, killed: signal.aborted };
      if (code !== 0) log.warning("Command failed", { ...fields, stderr: firstLine(result.stderr) });
      return code;
    } catch (error) {
      log.error("Command could not be started", { object: change.key, error });
      return START_FAILED_CODE;
    }
  }
}

function firstLine(bytes: Uint8Array): string {
  return (new TextDecoder().decode(bytes).split("\n", 1)[0] ?? "").slice(0, 500);
}
