// Runs the program of `--on-change`: one at a time, without a shell, the changes as JSON on its input.
import { ExitError, type Logger } from "@coracle/lifecycle";
import {
  environment,
  fileIsExecutable,
  runProcess,
  type RunResult,
  sleep,
  startTimer,
  systemClock,
  systemRandom,
  type Timer,
} from "@coracle/runtime";
import { type HookJob, HookQueue } from "../core/hook-queue.ts";
import { hookInput, type NodeChange, type NodesDocument } from "../core/node-change.ts";

/** What is run, and how. */
export interface HookRunnerOptions {
  /** The program, an absolute or relative path with a slash, and its arguments. */
  readonly argv: readonly string[];
  readonly timeoutMs: number;
  readonly waitingMax: number;
  readonly settleMs: number;
  readonly attemptsMax: number;
  /** Everyone at the moment the program starts. */
  readonly document: () => NodesDocument;
  readonly log: Logger;
}

const STDERR_SIZE_BYTES_MAX = 64 * 1024;
const STDERR_SHOWN_MAX = 200;
/** After its time a program is told to end, then killed; whoever holds its output open after that is not waited for. */
const ABANDON_MS = 5000;
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
  #timer: Timer | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: HookRunnerOptions) {
    const { waitingMax, settleMs, attemptsMax } = options;
    this.#options = options;
    this.#queue = new HookQueue({ waitingMax, settleMs, attemptsMax, random: systemRandom });
  }

  get waiting(): number {
    return this.#queue.waiting;
  }

  /** Changes that no program was told, and those that were told in vain. */
  get untold(): HookQueue["counts"] {
    return this.#queue.counts;
  }

  /** Lets a change wait for its turn. */
  push(change: NodeChange): void {
    this.#queue.push(change, systemClock.now());
    this.#arm();
  }

  /** Starts nothing more and lets what runs end for this long; then it is killed. */
  async stop(graceMs: number): Promise<void> {
    const grace = startTimer(graceMs, () => this.#ending.abort());
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#running;
    grace.cancel();
    this.#ending.abort();
  }

  #arm(): void {
    const next = this.#queue.nextTimeout();
    if (next === undefined || this.#timer !== undefined || this.#ending.signal.aborted) return;
    this.#timer = startTimer(Math.max(0, next - systemClock.now()), () => {
      this.#timer = undefined;
      const job = this.#queue.take(systemClock.now());
      if (job === undefined) return this.#arm();
      this.#running = this.#run(job);
    });
  }

  async #run(job: HookJob): Promise<void> {
    const succeeded = await this.#execute(job);
    this.#queue.ended(succeeded, systemClock.now());
    this.#arm();
  }

  async #execute(job: HookJob): Promise<boolean> {
    const { log } = this.#options;
    const fields = { changes: job.changes.length, newest: job.changes.at(-1)?.number };
    try {
      const result = await this.#spawn(job);
      const isTimedOut = result === undefined || result.isTimedOut;
      if (isTimedOut) this.runs.timedOut++;
      else if (result.code === 0) this.runs.succeeded++;
      else this.runs.failed++;
      if (!isTimedOut && result.code === 0) return true;
      const stderr = new TextDecoder().decode(result?.stderr).slice(0, STDERR_SHOWN_MAX).split("\n", 1)[0];
      log.warning("Program failed", { ...fields, exitCode: result?.code, timedOut: isTimedOut, stderr });
    } catch (error) {
      this.runs.notStarted++;
      log.error("Program not started", { ...fields, error });
    }
    return false;
  }

  /** `undefined` if it, or what it left running with its output, did not end even when killed. */
  async #spawn(job: HookJob): Promise<RunResult | undefined> {
    const { argv, timeoutMs, document } = this.#options;
    const all = environment();
    const env = Object.fromEntries(PASSED_ON.map((name) => [name, all[name]]));
    const over = new AbortController();
    const run = runProcess(argv, {
      env: { ...env, CORACLE_CHANGE: job.changes.at(-1)?.event.kind },
      stdin: hookInput(job, document()),
      stdout: "ignore",
      ownGroup: true,
      timeoutMs,
      outputSizeBytesMax: STDERR_SIZE_BYTES_MAX,
      signal: this.#ending.signal,
    });
    const late = sleep(timeoutMs + ABANDON_MS, over.signal).then(
      () => undefined,
      () => undefined,
    );
    try {
      return await Promise.race([run, late]);
    } finally {
      over.abort();
    }
  }
}

/** Refuses a program that cannot be run: better at the start than at the first change. */
export async function requireProgram(path: string): Promise<void> {
  if (!path.includes("/"))
    throw new ExitError(`--on-change "${path}" is no path: write ./${path}, or its whole path`, { exitCode: 2 });
  if (!(await fileIsExecutable(path)))
    throw new ExitError(`--on-change "${path}" cannot be run: it is not there, or not executable`, { exitCode: 2 });
}
