// A stranger's program driven by lines: commands in, events out, and its end whatever happens.
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

const WAIT_MS = 20_000;
const LINES_MAX = 20_000;

/** A running program. */
export class LineProgram {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #lines: string[] = [];
  readonly #waiting: Set<() => void> = new Set();
  #errors = "";
  #hasEnded = false;

  constructor(command: readonly string[]) {
    const [program = "", ...args] = command;
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    const { stdout, stderr } = this.#child;
    if (stdout !== null) createInterface({ input: stdout }).on("line", (line) => this.#note(line));
    stderr?.on("data", (text: Buffer) => {
      this.#errors = (this.#errors + text.toString("utf8")).slice(-4000);
    });
    // What is written to a program that has just ended is lost, as it should be.
    this.#child.stdin?.on("error", () => undefined);
    this.#exited = new Promise((resolve) => {
      const end = (): void => {
        this.#hasEnded = true;
        this.#wake();
        resolve();
      };
      this.#child.once("close", end);
      this.#child.once("error", end);
    });
  }

  /** How many lines it has told: a place to see on from. */
  get told(): number {
    return this.#lines.length;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Every line so far. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** The first match in the lines from `from` on; throws when the program ends or time is up. */
  async see(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    const deadline = performance.now() + WAIT_MS;
    let at = from;
    for (;;) {
      for (; at < this.#lines.length; at++) {
        const match = pattern.exec(this.#lines[at] ?? "");
        if (match !== null) return match;
      }
      const leftMs = deadline - performance.now();
      if (this.#hasEnded || leftMs <= 0) throw new Error(this.#complaint(pattern));
      await this.#change(leftMs);
    }
  }

  /** Tells a line and sees the answer to it. */
  async ask(line: string, pattern: RegExp): Promise<RegExpExecArray> {
    const from = this.told;
    this.tell(line);
    return await this.see(pattern, from);
  }

  async stop(): Promise<void> {
    if (!this.#hasEnded) this.#child.kill("SIGKILL");
    await this.#exited;
  }

  #note(line: string): void {
    if (this.#lines.length < LINES_MAX) this.#lines.push(line);
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  #change(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#waiting.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #complaint(pattern: RegExp): string {
    const last = this.#lines.slice(-5).join(" | ");
    return `Cannot see ${pattern}${this.#hasEnded ? ", the program has ended" : ""}: last lines ${last}; stderr ${this.#errors}`;
  }
}
