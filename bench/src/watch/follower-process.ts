// A follower as a process of its own: how long until its state is complete, and how much memory that took.
import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { processMemory } from "../process-figures.ts";

/** What to run and how it tells that its state is complete. */
export interface Follower {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** In the output, once the state is complete; its first group is the number of objects. */
  readonly synced: RegExp;
}

/** What one run took. */
export interface FollowerFigures {
  /** From the start of the process. */
  readonly syncedMs: number;
  readonly objects: number;
  readonly peakMiB: number;
  /** Some seconds after. */
  readonly settledMiB: number;
}

const SYNC_TIMEOUT_MS = 300_000;
const OUTPUT_TAIL = 256;

/** Runs the follower until its state is complete and `settleMs` longer, then ends it. */
export async function measureFollower(follower: Follower, settleMs: number): Promise<FollowerFigures> {
  const [program = "", ...args] = follower.argv;
  const startMs = performance.now();
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...follower.env },
  });
  try {
    const objects = await synced(child, follower.synced);
    const syncedMs = performance.now() - startMs;
    await delay(settleMs);
    const { peakMiB, nowMiB } = processMemory(child.pid ?? 0);
    return { syncedMs, objects, peakMiB, settledMiB: nowMiB };
  } finally {
    await end(child);
  }
}

function synced(child: ChildProcess, pattern: RegExp): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let complaints = "";
  let tail = "";
  const timer = setTimeout(
    () => reject(new Error(`Cannot wait longer for ${child.spawnfile}: ${complaints}`)),
    SYNC_TIMEOUT_MS,
  );
  child.stdout?.on("data", (chunk: Buffer) => {
    // Most of the output is objects, which nobody reads: only the ends of the chunks matter.
    tail = (tail + chunk.toString("latin1", Math.max(0, chunk.length - OUTPUT_TAIL))).slice(-2 * OUTPUT_TAIL);
    const match = pattern.exec(tail);
    if (match !== null) resolve(Number(match[1]));
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    complaints = (complaints + chunk.toString("utf8")).slice(-4096);
  });
  child.once("error", reject);
  child.once("exit", (code, signal) =>
    reject(new Error(`Cannot follow: ${child.spawnfile} ended with ${code ?? signal}: ${complaints}`)),
  );
  return promise.finally(() => clearTimeout(timer));
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}
