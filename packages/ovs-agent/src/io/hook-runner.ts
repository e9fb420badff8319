// Runs the commands around an interface's life: bounded in number, time and output, without a shell.
import { EXEC_OUTPUT_LENGTH_MAX } from "@coracle/api";
import { type Clock, formatTime } from "@coracle/base";
import {
  type ChildProcess,
  environment,
  type ProcessExit,
  SpawnError,
  spawnProcess,
  startTimer,
} from "@coracle/runtime";
import { emptyReport, EXIT_NOT_EXITED, type ExecRun, outputText } from "../core/exec-command.ts";
import { type ExecJob, ExecQueue, type ExecQueueInput } from "../core/exec-queue.ts";

/** How commands are run. */
export interface HookRunnerOptions {
  readonly concurrencyMax: number;
  readonly waitingMax: number;
  readonly timeoutMs: number;
  /** Of each stream; the rest is read and dropped. */
  readonly outputSizeBytesMax: number;
  readonly clock: Clock;
  readonly onEnd: (job: ExecJob, run: ExecRun) => void;
}

const KILL_GRACE_MS = 2000;
/** Children of a program that has ended may hold its output open for this long; then they are killed with their group. */
const OUTPUT_GRACE_MS = 500;
/** What of the environment a command sees: nothing that could be a secret. */
const PASSED_ON = ["PATH", "HOME", "LANG", "TZ"];

/** Runs jobs as the queue says. */
export class HookRunner {
  readonly #options: HookRunnerOptions;
  readonly #queue: ExecQueue;
  readonly #children = new Set<ChildProcess>();
  #isStopped = false;

  constructor(options: HookRunnerOptions) {
    this.#options = options;
    this.#queue = new ExecQueue(options);
  }

  get running(): number {
    return this.#queue.running;
  }

  get waiting(): number {
    return this.#queue.waiting;
  }

  /** Queues a job; its end is told to `onEnd`. */
  submit(job: ExecJob): void {
    this.#send({ kind: "submit", job });
  }

  /** Kills what runs and starts nothing more: what was cut short runs again after a restart. */
  stop(): void {
    this.#isStopped = true;
    for (const child of this.#children) child.kill("SIGKILL");
  }

  #send(input: ExecQueueInput): void {
    this.#queue.handle(input);
    for (let output = this.#queue.poll(); output !== undefined; output = this.#queue.poll()) {
      if (output.kind === "refuse")
        this.#options.onEnd(output.job, this.#notRun(output.job, "QueueFull", "too many commands wait"));
      else if (!this.#isStopped) void this.#run(output.job);
    }
  }

  async #run(job: ExecJob): Promise<void> {
    const run = await this.#execute(job);
    if (!this.#isStopped) this.#options.onEnd(job, run);
    this.#send({ kind: "ended", job });
  }

  async #execute(job: ExecJob): Promise<ExecRun> {
    const { clock } = this.#options;
    const startedAt = clock.now();
    const startTime = formatTime(clock.wallMs());
    let child: ChildProcess;
    try {
      child = await spawnProcess(job.command, { env: hookEnvironment(), cwd: "/", ownGroup: true });
    } catch (error) {
      if (!(error instanceof SpawnError)) throw error;
      return this.#notRun(job, "NotStarted", error.message);
    }
    this.#children.add(child);
    try {
      const { exit, isTimedOut, out, errors } = await this.#waitFor(child);
      const durationMs = clock.now() - startedAt;
      const exitStatus = exit.code ?? EXIT_NOT_EXITED;
      const stopTime = formatTime(clock.wallMs());
      const report = {
        command: job.command,
        exitStatus,
        startTime,
        stopTime,
        stdOut: outputText(out.bytes(), out.sizeBytes, EXEC_OUTPUT_LENGTH_MAX),
        stdErr: outputText(errors.bytes(), errors.sizeBytes, EXEC_OUTPUT_LENGTH_MAX),
      };
      return { report, durationMs, ...judge(exit, isTimedOut, this.#options.timeoutMs) };
    } finally {
      this.#children.delete(child);
    }
  }

  async #waitFor(child: ChildProcess): Promise<HookEnd> {
    const { timeoutMs, outputSizeBytesMax } = this.#options;
    const out = new CappedOutput(outputSizeBytesMax);
    const errors = new CappedOutput(outputSizeBytesMax);
    const streams = Promise.all([out.collect(child.stdout), errors.collect(child.stderr)]);
    let isTimedOut = false;
    const timers = [
      startTimer(timeoutMs, () => {
        isTimedOut = true;
        child.kill("SIGTERM");
        timers.push(startTimer(KILL_GRACE_MS, () => child.kill("SIGKILL")));
      }),
    ];
    const exit = await child.exited;
    for (const timer of timers) timer.cancel();
    const late = Promise.withResolvers<void>();
    const grace = startTimer(OUTPUT_GRACE_MS, late.resolve);
    await Promise.race([streams, late.promise]);
    grace.cancel();
    // Nothing of the command outlives it, however it ended.
    child.kill("SIGKILL");
    return { exit, isTimedOut, out, errors };
  }

  #notRun(job: ExecJob, reason: ExecRun["reason"], why: string): ExecRun {
    const time = formatTime(this.#options.clock.wallMs());
    return {
      report: emptyReport(job.command, time, why),
      reason,
      message: `The command did not run: ${why}.`,
      durationMs: 0,
    };
  }
}

interface HookEnd {
  readonly exit: ProcessExit;
  readonly isTimedOut: boolean;
  readonly out: CappedOutput;
  readonly errors: CappedOutput;
}

function judge(exit: ProcessExit, isTimedOut: boolean, timeoutMs: number): Pick<ExecRun, "reason" | "message"> {
  if (isTimedOut)
    return { reason: "TimedOut", message: `The command was ended as it ran for longer than ${timeoutMs} ms.` };
  if (exit.code === undefined)
    return { reason: "Killed", message: `The command was ended by ${exit.signal ?? "a signal"}.` };
  if (exit.code === 0) return { reason: "Succeeded", message: "The command ended with exit status 0." };
  return { reason: "Failed", message: `The command ended with exit status ${exit.code}.` };
}

function hookEnvironment(): Record<string, string | undefined> {
  const all = environment();
  return Object.fromEntries(PASSED_ON.map((name) => [name, all[name]]));
}

/** The beginning of a stream, and how long it was in all. */
class CappedOutput {
  readonly #sizeBytesMax: number;
  readonly #chunks: Uint8Array[] = [];
  #keptBytes = 0;
  sizeBytes = 0;

  constructor(sizeBytesMax: number) {
    this.#sizeBytesMax = sizeBytesMax;
  }

  async collect(stream: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const chunk of stream) {
      this.sizeBytes += chunk.length;
      const kept = chunk.slice(0, this.#sizeBytesMax - this.#keptBytes);
      if (kept.length === 0) continue;
      this.#chunks.push(kept);
      this.#keptBytes += kept.length;
    }
  }

  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.#keptBytes);
    let offset = 0;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, offset);
      offset += chunk.length;
    }
    return bytes;
  }
}
