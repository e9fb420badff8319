// A program that answers lines with lines, pinned to a core.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";
import { createInterface } from "node:readline";

/** A running program. */
export class LineProcess {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  /** Starts `command`; on core `core`, if one is given and this machine has more than one. */
  constructor(command: readonly string[], core?: number) {
    const pinned =
      core !== undefined && cpus().length > 1 && canPin()
        ? ["taskset", "-c", String(core % cpus().length), ...command]
        : command;
    const [program = "", ...rest] = pinned;
    this.#child = spawn(program, rest, { stdio: ["pipe", "pipe", "inherit"] });
    const { stdout } = this.#child;
    if (stdout === null) throw new Error(`Cannot read the output of ${command.join(" ")}: it has none`);
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The next line; throws if the program has ended. */
  async line(): Promise<string> {
    const next = await this.#lines.next();
    if (next.done === true) throw new Error(`Cannot read a line: the program ended with ${this.#child.exitCode}`);
    return next.value;
  }

  /** Writes a line and reads the answer. */
  async ask(line: string): Promise<string> {
    this.#child.stdin?.write(`${line}\n`);
    return await this.line();
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }
}

let pins: boolean | undefined;

function canPin(): boolean {
  pins ??= spawnSync("taskset", ["-c", "0", "true"]).status === 0;
  return pins;
}
