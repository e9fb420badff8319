// Starts the load server as a process of its own and reads its log.
import { type ChildProcess as Child, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Options of a test that starts processes: on a busy machine that takes its time. */
export const PROCESS_TEST = { timeout: 60_000 } as const;

/** One line of the child's log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** How the child ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A running load server. */
export class LoadServer {
  readonly lines: LogLine[] = [];
  readonly texts: string[] = [];
  readonly exited: Promise<Exit>;
  readonly #child: Child;
  readonly #watchers: Set<() => void> = new Set();

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const script = fileURLToPath(new URL("./load-server.ts", import.meta.url));
    const run = "Deno" in globalThis ? ["run", "-A", script] : [script];
    this.#child = spawn(process.execPath, [...run, ...args], {
      env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.exited = once(this.#child, "close").then(([code, signal]) => ({ code, signal }));
    void this.exited.then(() => this.#changed());
    this.#child.stdout?.on("data", (chunk: Uint8Array) => this.texts.push(new TextDecoder().decode(chunk)));
    if (this.#child.stderr !== null)
      createInterface({ input: this.#child.stderr }).on("line", (line) => {
        if (line.startsWith("{")) this.lines.push(JSON.parse(line) as LogLine);
        else this.texts.push(line);
        this.#changed();
      });
  }

  /** The first log line that fits, now or when it comes; rejects if the child ends before. */
  async line(fits: (line: LogLine) => boolean): Promise<LogLine> {
    for (;;) {
      const found = this.lines.find(fits);
      if (found !== undefined) return found;
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        throw new Error(`The server ended first: ${this.texts.join("\n")}`);
      await new Promise<void>((resolve) => this.#watchers.add(resolve));
    }
  }

  /** The URL of a listener once it serves. */
  async url(listener: string): Promise<string> {
    const line = await this.line(
      (candidate) => candidate["message"] === "Listening" && candidate["listener"] === listener,
    );
    return String(line["url"]);
  }

  /** Resolves once all post-start hooks have returned. */
  async ready(): Promise<void> {
    await this.line((line) => line["message"] === "Ready");
  }

  /** Names of the termination events so far, in order. */
  events(): string[] {
    return this.lines.flatMap((line) => (typeof line["event"] === "string" ? [line["event"]] : []));
  }

  kill(signal: "SIGTERM" | "SIGINT" | "SIGKILL"): void {
    // Not child.kill(): under Deno that makes the child look killed by the signal however it ended.
    if (this.#child.pid !== undefined) process.kill(this.#child.pid, signal);
  }

  /** Ends the child whatever state it is in. */
  async end(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.kill("SIGKILL");
    await this.exited;
  }

  #changed(): void {
    for (const wake of this.#watchers) wake();
    this.#watchers.clear();
  }
}
