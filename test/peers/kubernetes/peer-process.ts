// A stranger's program as a child process: its last words kept, ended by its id, and never outliving the test that started it.
import { type ChildProcess, spawn } from "node:child_process";
import { programOnPath } from "./version.ts";

/** How a program ended. */
export interface PeerExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A running (or ended) program. */
export interface PeerProcess {
  readonly pid: number;
  /** Settles when the program is gone; never rejects. */
  readonly exited: Promise<PeerExit>;
  running(): boolean;
  /** The last 64 KiB it wrote to stdout and stderr. */
  output(): string;
  /** SIGTERM, then SIGKILL after `graceMs`; settles when it is gone. */
  stop(graceMs?: number): Promise<PeerExit>;
  /** SIGKILL; settles when it is gone. */
  kill9(): Promise<PeerExit>;
  /** Delivers a signal, if the program still runs. */
  signal(name: NodeJS.Signals): void;
}

const OUTPUT_SIZE_MAX = 64 * 1024;
const live = new Set<ChildProcess>();
let exitHookSet = false;

/** Starts `argv` without a shell. Throws when the program cannot be started. */
export async function startPeerProcess(
  argv: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<PeerProcess> {
  const [program = "", ...rest] = boundToUs(argv);
  const child = spawn(program, rest, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });
  endWithUs(child);
  const output = keepOutput(child);
  const exited = new Promise<PeerExit>((resolve) => {
    child.once("exit", (code, signal) => {
      live.delete(child);
      resolve({ code, signal });
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (cause) => {
      live.delete(child);
      reject(new Error(`Cannot start ${argv[0]}: ${cause.message}`, { cause }));
    });
  });
  const running = (): boolean => child.exitCode === null && child.signalCode === null;
  const end = async (name: NodeJS.Signals): Promise<PeerExit> => {
    if (running()) child.kill(name);
    return await exited;
  };
  return {
    pid: child.pid ?? 0,
    exited,
    running,
    output,
    signal: (name) => {
      if (running()) child.kill(name);
    },
    kill9: () => end("SIGKILL"),
    stop: async (graceMs = 10_000) => {
      const timer = setTimeout(() => {
        if (running()) child.kill("SIGKILL");
      }, graceMs);
      try {
        return await end("SIGTERM");
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** Where util-linux is, the kernel ends the program when we die, however that happens. */
function boundToUs(argv: readonly string[]): readonly string[] {
  const setpriv = programOnPath("setpriv");
  return setpriv === undefined ? argv : [setpriv, "--pdeathsig", "KILL", "--", ...argv];
}

function endWithUs(child: ChildProcess): void {
  live.add(child);
  if (exitHookSet) return;
  exitHookSet = true;
  process.once("exit", () => {
    for (const other of live) other.kill("SIGKILL");
  });
}

function keepOutput(child: ChildProcess): () => string {
  let kept = "";
  const keep = (chunk: Buffer): void => {
    kept = (kept + chunk.toString("utf8")).slice(-OUTPUT_SIZE_MAX);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  return () => kept;
}
