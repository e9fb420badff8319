// A stranger's program driven by lines: commands in, events out, and its end whatever happens.
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { LineLog, type LinePeer } from "./line-log.ts";

/** A running program. */
export class LineProgram implements LinePeer {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #log: LineLog = new LineLog();
  readonly #onLine: (line: string) => void;
  #errors = "";

  /** `onLine` is told every line as it comes. */
  constructor(command: readonly string[], onLine: (line: string) => void = () => undefined) {
    const [program = "", ...args] = command;
    this.#onLine = onLine;
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
        this.#log.end();
        resolve();
      };
      this.#child.once("close", end);
      this.#child.once("error", end);
    });
  }

  get told(): number {
    return this.#log.lines.length;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get lines(): readonly string[] {
    return this.#log.lines;
  }

  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  async see(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    return await this.#log.see(pattern, from, () => `stderr ${this.#errors}`);
  }

  async ask(line: string, pattern: RegExp): Promise<RegExpExecArray> {
    const from = this.told;
    this.tell(line);
    return await this.see(pattern, from);
  }

  async stop(): Promise<void> {
    if (!this.#log.hasEnded) this.#child.kill("SIGKILL");
    await this.#exited;
  }

  #note(line: string): void {
    this.#log.note(line);
    this.#onLine(line);
  }
}
