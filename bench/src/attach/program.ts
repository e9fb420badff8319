// A compiled binary of ours as a child process: ready when its log says so, ended with the benchmark.
import { type ChildProcess, spawn } from "node:child_process";

const LOG_SIZE_MAX = 64 * 1024;
const READY_MS_MAX = 30_000;
const END_MS_MAX = 5000;

/** A running program. */
export class Program {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<number>;
  #log = "";

  /** Starts `argv`; its output is kept for messages. */
  constructor(name: string, argv: readonly string[]) {
    const [program = "", ...args] = argv;
    this.#name = name;
    this.#child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (chunk: Buffer) => (this.#log = (this.#log + chunk.toString("utf8")).slice(-LOG_SIZE_MAX)));
    }
    this.#exited = new Promise((resolve) => this.#child.once("close", (code) => resolve(code ?? 1)));
  }

  /** Its process. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Where it serves HTTP, as its log says. */
  get url(): string {
    const [, url] = /"message":"Listening"[^\n]*?"url":"([^"]+)"/.exec(this.#log) ?? [];
    if (url === undefined) throw new Error(`Cannot find where ${this.#name} listens: ${this.#log.slice(0, 500)}`);
    return url;
  }

  /** What it wrote, the end of it. */
  get log(): string {
    return this.#log;
  }

  /** Resolves when it says that it is ready. */
  async ready(): Promise<this> {
    const deadline = performance.now() + READY_MS_MAX;
    while (!this.#log.includes('"message":"Ready"')) {
      if (this.#child.exitCode !== null || performance.now() > deadline) {
        throw new Error(`Cannot start ${this.#name}: ${this.#log.slice(-2000)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return this;
  }

  /** Resolves with its exit code. */
  exited(): Promise<number> {
    return this.#exited;
  }

  /** Ends it, gently first. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), END_MS_MAX);
    await this.#exited;
    clearTimeout(timer);
  }
}
