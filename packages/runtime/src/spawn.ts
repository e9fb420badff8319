// Child processes from an argument list, never through a shell, over node:child_process.
import { type ChildProcess as NodeChild, spawn } from "node:child_process";
import process from "node:process";
import { assert } from "@coracle/base";
import { startTimer, type Timer } from "./clock.ts";
import { codeOf, messageOf, RuntimeError } from "./runtime-error.ts";
import type { SignalName } from "./signals.ts";

/** A program that could not be started; `code` is errno's name, such as `ENOENT` or `EACCES`. */
export class SpawnError extends RuntimeError {
  override readonly name = "SpawnError";
}

/** How a child ended: with an exit code, or by a signal. */
export interface ProcessExit {
  readonly code: number | undefined;
  readonly signal: string | undefined;
}

/** How to start a child. */
export interface SpawnOptions {
  /** The child's whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string | undefined;
  /** What the child reads; without it its input is empty. */
  readonly stdin?: string | Uint8Array | undefined;
  /** True gives it this process's own input, for a person to type into; `stdin` must then be absent. */
  readonly inheritsStdin?: boolean | undefined;
  /**
   * True gives it an input that is empty and stays open for as long as this process lives: a child that reads it sees its end
   * when this process is gone, however it went. `stdin` and `inheritsStdin` must then be absent.
   */
  readonly holdsStdin?: boolean | undefined;
  /** `pipe` (default) gives a stream, `inherit` this process's own, `ignore` drops it. */
  readonly stdout?: "pipe" | "inherit" | "ignore" | undefined;
  /** As `stdout`. */
  readonly stderr?: "pipe" | "inherit" | "ignore" | undefined;
  /** True makes the child the leader of a process group of its own, so that {@link ChildProcess.kill} reaches its children too. */
  readonly ownGroup?: boolean | undefined;
}

/** A running child. */
export interface ChildProcess {
  /** Process id. */
  readonly pid: number;
  /** What it writes; not reading stops it at the pipe's size. Empty unless `pipe`. */
  readonly stdout: AsyncIterable<Uint8Array>;
  readonly stderr: AsyncIterable<Uint8Array>;
  /** Resolves when it has ended; what it wrote may still be waiting in its streams. */
  readonly exited: Promise<ProcessExit>;
  /** Sends a signal (default SIGTERM), to the whole group if it has its own. False if it, or everything of its group, has ended. */
  kill(signal?: SignalName): boolean;
}

/** Starts `argv[0]` with the arguments behind it; resolves when it runs. Throws {@link SpawnError}. */
export function spawnProcess(argv: readonly string[], options: SpawnOptions): Promise<ChildProcess> {
  const [program, ...parameters] = argv;
  assert(program !== undefined, "Cannot start a program: argv is empty");
  return new Promise((resolve, reject) => {
    const fail = (thrown: unknown): void =>
      reject(new SpawnError(codeOf(thrown) || "EIO", `Cannot start ${program} as ${messageOf(thrown)}`, thrown));
    try {
      const child = spawn(program, parameters, {
        env: definedOnly(options.env),
        stdio: [stdinKind(options), options.stdout ?? "pipe", options.stderr ?? "pipe"],
        detached: options.ownGroup === true,
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      });
      child.once("error", fail);
      child.once("spawn", () => resolve(new RunningChild(child, options)));
    } catch (thrown) {
      fail(thrown);
    }
  });
}

function stdinKind(options: SpawnOptions): "ignore" | "inherit" | "pipe" {
  if (options.inheritsStdin === true) return "inherit";
  return options.stdin === undefined && options.holdsStdin !== true ? "ignore" : "pipe";
}

class RunningChild implements ChildProcess {
  readonly pid: number;
  readonly stdout: AsyncIterable<Uint8Array>;
  readonly stderr: AsyncIterable<Uint8Array>;
  readonly exited: Promise<ProcessExit>;
  readonly #child: NodeChild;
  readonly #hasOwnGroup: boolean;

  constructor(child: NodeChild, options: SpawnOptions) {
    this.#child = child;
    this.#hasOwnGroup = options.ownGroup === true;
    this.pid = child.pid ?? 0;
    this.stdout = bytesOf(child.stdout);
    this.stderr = bytesOf(child.stderr);
    this.exited = new Promise((resolve) => {
      child.once("exit", (code, signal) => resolve({ code: code ?? undefined, signal: signal ?? undefined }));
    });
    if (options.stdin !== undefined && child.stdin !== null) {
      // A child that does not read its input to the end is no error of ours.
      child.stdin.on("error", () => undefined);
      child.stdin.end(options.stdin);
    }
  }

  kill(signal: SignalName = "SIGTERM"): boolean {
    const hasEnded = this.#child.exitCode !== null || this.#child.signalCode !== null;
    // Its children may outlive it, and its group with them.
    if (hasEnded && !this.#hasOwnGroup) return false;
    try {
      return process.kill(this.#hasOwnGroup ? -this.pid : this.pid, signal);
    } catch {
      return false;
    }
  }
}

/** How to run a child to its end. */
export interface RunOptions extends SpawnOptions {
  /** After this long it is killed (SIGTERM, then SIGKILL 2 s later). Default: no limit. */
  readonly timeoutMs?: number | undefined;
  /** Keep at most this much of each stream; the rest is read and dropped. Default 1 MiB. */
  readonly outputSizeBytesMax?: number | undefined;
  /** Aborting kills it. */
  readonly signal?: AbortSignal | undefined;
}

/** What a child that ran to its end left. */
export interface RunResult extends ProcessExit {
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  /** True if a stream was longer than allowed and its end was dropped. */
  readonly isTruncated: boolean;
  /** True if it was killed as it took too long. */
  readonly isTimedOut: boolean;
}

const OUTPUT_SIZE_BYTES_MAX = 1024 * 1024;
const KILL_GRACE_MS = 2000;

/** Starts a child and waits for its end. Throws {@link SpawnError} only if it cannot start. */
export async function runProcess(argv: readonly string[], options: RunOptions): Promise<RunResult> {
  const child = await spawnProcess(argv, options);
  let isTimedOut = false;
  let grace: Timer | undefined;
  const stop = (): void => {
    child.kill("SIGTERM");
    // Not given up when the child ends: others of its group may live on, and hold its output open.
    grace ??= startTimer(KILL_GRACE_MS, () => child.kill("SIGKILL"));
  };
  const timeout =
    options.timeoutMs === undefined
      ? undefined
      : startTimer(options.timeoutMs, () => {
          isTimedOut = true;
          stop();
        });
  if (options.signal?.aborted === true) stop();
  options.signal?.addEventListener("abort", stop, { once: true });
  try {
    const sizeBytesMax = options.outputSizeBytesMax ?? OUTPUT_SIZE_BYTES_MAX;
    const [exit, out, errors] = await Promise.all([
      child.exited,
      collect(child.stdout, sizeBytesMax),
      collect(child.stderr, sizeBytesMax),
    ]);
    return {
      ...exit,
      stdout: out.bytes,
      stderr: errors.bytes,
      isTruncated: out.isTruncated || errors.isTruncated,
      isTimedOut,
    };
  } finally {
    timeout?.cancel();
    grace?.cancel();
    options.signal?.removeEventListener("abort", stop);
  }
}

async function collect(
  stream: AsyncIterable<Uint8Array>,
  sizeBytesMax: number,
): Promise<{ bytes: Uint8Array; isTruncated: boolean }> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  let isTruncated = false;
  for await (const chunk of stream) {
    const kept = chunk.subarray(0, sizeBytesMax - sizeBytes);
    isTruncated ||= kept.length < chunk.length;
    if (kept.length > 0) chunks.push(kept);
    sizeBytes += kept.length;
  }
  const bytes = new Uint8Array(sizeBytes);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return { bytes, isTruncated };
}

async function* bytesOf(stream: AsyncIterable<Uint8Array> | null): AsyncIterable<Uint8Array> {
  if (stream === null) return;
  for await (const chunk of stream) yield chunk;
}

function definedOnly(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const defined: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined) defined[name] = value;
  return defined;
}
