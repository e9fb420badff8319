// Drives the supervisor with real processes: spawns, signals, waits, polls readiness. Decides nothing itself.
import type { Clock } from "@coracle/base";
import {
  type ChildProcess,
  createHttpClient,
  environment,
  type HttpClient,
  joinPath,
  type ProcessExit,
  sleep,
  spawnProcess,
  startTimer,
  type Timer,
} from "@coracle/runtime";
import type { Supervisor, SupervisorInput, SupervisorOutput } from "../core/supervisor.ts";
import { ChildLog } from "./child-log.ts";
import type { RunLock } from "./run-lock.ts";

/** How to run one child. */
export interface ChildPlan {
  readonly name: string;
  readonly after: readonly string[];
  /** True lets it wait for {@link Children.release} as well. */
  readonly isHeld?: boolean;
  readonly argv: readonly string[];
  /** Base URL of its health endpoints. */
  readonly healthUrl: string;
  /** Variables that it has beside those of this process: what must not be read off a command line. */
  readonly env?: Readonly<Record<string, string>>;
  /** Reads its standard output; without it that goes nowhere. */
  readonly onOutput?: (stream: AsyncIterable<Uint8Array>) => Promise<void>;
}

/** What the children tell. */
export type ChildrenEvent = Exclude<SupervisorOutput, { readonly kind: "spawn" | "signal" | "finished" }>;

/** What {@link Children} needs. */
export interface ChildrenOptions {
  readonly plans: readonly ChildPlan[];
  readonly supervisor: Supervisor;
  readonly clock: Clock;
  readonly lock: RunLock;
  readonly logFolder: string;
  readonly onEvent: (event: ChildrenEvent) => void;
}

const POLL_STARTING_MS = 100;
const POLL_RUNNING_MS = 1000;
const POLL_TIMEOUT_MS = 2000;
const SIGNAL_EXIT_BASE = 128;

/** The running children of one `up`. */
export class Children {
  readonly #options: ChildrenOptions;
  readonly #running = new Map<string, ChildProcess>();
  readonly #logs = new Map<string, ChildLog>();
  readonly #http: HttpClient = createHttpClient({ connectTimeoutMs: POLL_TIMEOUT_MS });
  readonly #polling = new AbortController();
  readonly #finished = Promise.withResolvers<void>();
  #timer: Timer | undefined;

  constructor(options: ChildrenOptions) {
    this.#options = options;
    for (const { name } of options.plans) {
      this.#logs.set(name, new ChildLog(joinPath(options.logFolder, `${name}.log`)));
    }
  }

  /** Resolves when all have ended, after {@link stop} or giving up. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  start(): void {
    for (const plan of this.#options.plans) void this.#pollReadiness(plan);
    this.#send({ kind: "start" });
  }

  /** Those that are held may start. */
  release(): void {
    this.#send({ kind: "release" });
  }

  stop(): void {
    this.#send({ kind: "stop" });
  }

  /** SIGKILL to whatever still runs: for a person who pressed Ctrl-C twice. */
  killAll(): void {
    for (const child of this.#running.values()) child.kill("SIGKILL");
  }

  /** The file a child's log lines go to, and its newest line. */
  log(name: string): { readonly path: string; readonly lastLine: string } {
    const log = this.#logs.get(name);
    return { path: log?.path ?? "", lastLine: log?.lastLine ?? "" };
  }

  #send(input: SupervisorInput): void {
    const { supervisor, clock, onEvent } = this.#options;
    supervisor.handle(input, clock.now());
    for (let output = supervisor.poll(); output !== undefined; output = supervisor.poll()) {
      if (output.kind === "spawn") void this.#run(output.name);
      else if (output.kind === "signal") this.#running.get(output.name)?.kill(output.signal);
      else if (output.kind === "finished") this.#close();
      else onEvent(output);
    }
    this.#armTimer();
  }

  #armTimer(): void {
    this.#timer?.cancel();
    const { supervisor, clock } = this.#options;
    const deadline = supervisor.nextTimeout();
    if (deadline === undefined) return;
    this.#timer = startTimer(Math.max(0, deadline - clock.now()), () => this.#send({ kind: "timeout" }));
  }

  #close(): void {
    this.#polling.abort();
    this.#http.close();
    this.#finished.resolve();
  }

  async #run(name: string): Promise<void> {
    const plan = this.#options.plans.find((candidate) => candidate.name === name);
    if (plan === undefined) return;
    let child: ChildProcess;
    try {
      // A group of its own: Ctrl-C on the terminal reaches `up` alone, which then ends the children in order. If it is killed
      // instead, the input that it holds ends, and the children with it.
      child = await spawnProcess([...plan.argv, "--end-with-stdin"], {
        env: { ...inherited(environment()), ...plan.env },
        ownGroup: true,
        holdsStdin: true,
        stdout: plan.onOutput === undefined ? "ignore" : "pipe",
      });
    } catch (error) {
      const line = `${error instanceof Error ? error.message : String(error)}\n`;
      await this.#logs.get(name)?.copy(once(new TextEncoder().encode(line)));
      this.#send({ kind: "exited", name, code: 127 });
      return;
    }
    this.#running.set(name, child);
    this.#send({ kind: "spawned", name, pid: child.pid });
    await this.#options.lock.add(name, child.pid);
    const output = plan.onOutput?.(child.stdout);
    const [exit] = await Promise.all([child.exited, this.#logs.get(name)?.copy(child.stderr), output]);
    this.#running.delete(name);
    await this.#options.lock.remove(name);
    this.#send({ kind: "exited", name, code: exitCode(exit) });
  }

  async #pollReadiness(plan: ChildPlan): Promise<void> {
    const { signal } = this.#polling;
    while (!signal.aborted) {
      const status = this.#options.supervisor.statuses().find(({ name }) => name === plan.name);
      const isPolled = status?.state === "starting" || status?.state === "ready" || status?.state === "unready";
      if (isPolled) this.#send({ kind: "readiness", name: plan.name, ready: await this.#isReady(plan) });
      const waitMs = status?.state === "ready" ? POLL_RUNNING_MS : POLL_STARTING_MS;
      await sleep(waitMs, signal).catch(() => undefined);
    }
  }

  async #isReady(plan: ChildPlan): Promise<boolean> {
    try {
      const url = `${plan.healthUrl}/readyz`;
      const response = await this.#http.request({ method: "GET", url, headersTimeoutMs: POLL_TIMEOUT_MS });
      await response.text();
      return response.status === 200;
    } catch {
      return false;
    }
  }
}

/** Flags of `up` by variable are not for its children, whose flags of the same names mean other things; how much to log is for all. */
function inherited(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  const isOfUp = (name: string): boolean => name.startsWith("CORACLE_") && name !== "CORACLE_LOG_LEVEL";
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isOfUp(name)));
}

function exitCode(exit: ProcessExit): number {
  return exit.code ?? SIGNAL_EXIT_BASE;
}

async function* once(chunk: Uint8Array): AsyncIterable<Uint8Array> {
  yield chunk;
}
