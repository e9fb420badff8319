// A program of ours as a child process: its lines as they come, its exit code, and its end whatever happens.
import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";

const packages = join(import.meta.dirname, "../../packages");
const OUTPUT_SIZE_MAX = 1 << 20;

/** A running program of the workspace. */
export class ChildProgram {
  readonly process: ChildProcess;
  readonly exited: Promise<number>;
  #stdout = "";
  #stderr = "";
  readonly #waiters = new Set<() => void>();

  /** Starts `packages/<name>/src/main.ts`. */
  static source(name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProgram {
    return new ChildProgram(["bun", join(packages, name, "src/main.ts"), ...args], env);
  }

  /** Starts `argv`. */
  constructor(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const [program = "", ...args] = argv;
    this.process = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.process.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout = (this.#stdout + text).slice(-OUTPUT_SIZE_MAX);
      this.#wake();
    });
    this.process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-OUTPUT_SIZE_MAX);
      this.#wake();
    });
    this.exited = new Promise((resolve) => {
      this.process.once("close", (code, signal) => {
        // As a shell counts; Deno takes an exit code above 128 for the signal as well.
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
        this.#wake();
      });
    });
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get hasEnded(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /** Resolves with the match once `pattern` is in the output; throws with the output when the program ends or time is up. */
  async see(pattern: RegExp, timeoutMs = 20_000): Promise<RegExpExecArray> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const match = pattern.exec(this.#stdout) ?? pattern.exec(this.#stderr);
      if (match !== null) return match;
      if (this.hasEnded || Date.now() > deadline) {
        throw new Error(`Cannot see ${String(pattern)}: output is\n${this.#stdout}\n${this.#stderr}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, 250);
        const waiters = this.#waiters;
        function done(): void {
          clearTimeout(timer);
          waiters.delete(done);
          resolve();
        }
        waiters.add(done);
      });
    }
  }

  /** Ends it: SIGKILL if it still runs. */
  async end(signal: NodeJS.Signals = "SIGKILL"): Promise<number> {
    if (!this.hasEnded) this.process.kill(signal);
    return this.exited;
  }

  #wake(): void {
    for (const waiter of this.#waiters) waiter();
  }
}
