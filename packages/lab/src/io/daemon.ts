// A daemon of a host: one process at a time, started until its socket is there, ended by signal, told of when it dies by itself.
import { type ChildProcess, fileExists, removePath, type SignalName, sleep, spawnProcess } from "@coracle/runtime";
import { LaboratoryError } from "./laboratory-error.ts";
import { commandEnvironment, until } from "./run-command.ts";

const END_MS = 10_000;
const RESTART_DELAY_MS = 200;
const RESTARTS_MAX = 100;

/** How often and how soon a daemon that ends by itself is told of. */
export interface DaemonLimits {
  /** Default 100. */
  readonly restartsMax?: number;
  /** Default 200. */
  readonly restartDelayMs?: number;
}

/** See the top of the file. */
export class Daemon {
  readonly #name: string;
  readonly #onUnasked: () => Promise<void>;
  readonly #limits: Required<DaemonLimits>;
  #process: ChildProcess | undefined;
  #isWanted = false;
  #restarts = 0;

  /** `onUnasked` is called a moment after the process ended by itself, and may start it again; not for ever. */
  constructor(name: string, onUnasked: () => Promise<void>, limits: DaemonLimits = {}) {
    this.#name = name;
    this.#onUnasked = onUnasked;
    this.#limits = { restartsMax: RESTARTS_MAX, restartDelayMs: RESTART_DELAY_MS, ...limits };
  }

  /** Process id while it runs. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts the process and waits for the file of `socket`. Resolves at once if it runs. */
  async start(argv: readonly string[], env: Readonly<Record<string, string>>, socket: string): Promise<void> {
    this.#isWanted = true;
    if (this.#process !== undefined) return;
    await removePath(socket);
    const options = {
      env: { ...commandEnvironment(), ...env },
      ownGroup: true,
      stdout: "ignore",
      stderr: "ignore",
    } as const;
    const child = await spawnProcess(argv, options);
    this.#process = child;
    let hasEnded = false;
    void child.exited.then(async () => {
      hasEnded = true;
      this.#process = undefined;
      await this.#tellIfUnasked();
    });
    await until(`the socket of ${this.#name}: ${socket}`, async () => hasEnded || (await fileExists(socket)));
    if (hasEnded)
      throw new LaboratoryError("COMMAND", `Cannot start ${this.#name}: it ended; its log is beside ${socket}`);
  }

  /** Ends the process and waits for that; SIGKILL after 10 s. */
  async end(signal: SignalName): Promise<void> {
    this.#isWanted = false;
    const child = this.#process;
    if (child === undefined) return;
    child.kill(signal);
    const isGone = await Promise.race([child.exited.then(() => true), sleep(END_MS).then(() => false)]);
    if (!isGone) child.kill("SIGKILL");
    await child.exited;
  }

  async #tellIfUnasked(): Promise<void> {
    if (!this.#isWanted || this.#restarts >= this.#limits.restartsMax) return;
    this.#restarts++;
    await sleep(this.#limits.restartDelayMs);
    // A start that fails leaves the process away: the caller hears of it by the missing daemon, not by a crash of its own.
    if (this.#isWanted) await this.#onUnasked().catch(() => undefined);
  }
}
