// A router as a real process: started with ephemeral ports, ended in the end.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export { freeUdpPort } from "@coracle/sim";

const MAIN = new URL("../main.ts", import.meta.url).pathname;
const START_TIMEOUT_MS = 30_000;

/** The key of the identity `device` in every test. */
export const TEST_KEY: Uint8Array = Uint8Array.from({ length: 16 }, (_, index) => index);
export const TEST_KEY_HEX: string = Buffer.from(TEST_KEY).toString("hex");

/** A running router. */
export interface RouterProcess {
  readonly port: number;
  readonly http: string;
  readonly clusterPort: number | undefined;
  /** Log lines so far. */
  readonly log: readonly string[];
  readonly child: ChildProcess;
  /** JSON of one of its resources. */
  json(path: string): Promise<unknown>;
  /** The value of a metric, `name{label="value"}`; 0 if it is not there. */
  metric(sample: string): Promise<number>;
  /** Ends it gracefully; the exit code. */
  stop(): Promise<number | null>;
}

/** A folder for files of a test. */
export class TestFolder {
  readonly path: string = mkdtempSync(join(tmpdir(), "coracle-router-"));

  write(name: string, content: string): string {
    const path = join(this.path, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** How to start a router. */
export interface RouterProcessOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly clusterPort?: number;
  /** Path of another program than the router's own. */
  readonly main?: string;
}

/** Starts a router and waits until it serves. */
export async function startRouter(
  flags: readonly string[],
  options: RouterProcessOptions = {},
): Promise<RouterProcess> {
  const cluster = options.clusterPort === undefined ? [] : ["--cluster-listen", `127.0.0.1:${options.clusterPort}`];
  const all = ["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", ...cluster, ...flags];
  const main = options.main ?? MAIN;
  const runtime = "Deno" in globalThis ? ["run", "-A", "--unstable-net", main] : [main];
  const child = spawn(process.execPath, [...runtime, ...all], {
    env: { ...process.env, NO_COLOR: "1", ...options.env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const log: string[] = [];
  const started = await untilServing(child, log);
  return {
    ...started,
    clusterPort: options.clusterPort,
    log,
    child,
    json: async (path) => (await fetch(started.http + path)).json(),
    metric: async (sample) => metricOf(await (await fetch(`${started.http}/metrics`)).text(), sample),
    stop: () => stop(child),
  };
}

function untilServing(child: ChildProcess, log: string[]): Promise<{ port: number; http: string }> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`No start within ${START_TIMEOUT_MS} ms: ${log.join("\n")}`));
    }, START_TIMEOUT_MS);
    let rest = "";
    let port: number | undefined;
    let url: string | undefined;
    child.stderr?.on("data", (piece: Buffer) => {
      const lines = (rest + piece.toString("utf8")).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        log.push(line);
        const at = /"port":"listen","at":(\d+)/.exec(line);
        if (at !== null) port = Number(at[1]);
        url = /"listener":"http","url":"([^"]+)"/.exec(line)?.[1] ?? url;
        if (url === undefined || port === undefined) continue;
        clearTimeout(timer);
        resolve({ port, http: url });
      }
    });
    child.once("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`The router ended with ${code}: ${log.join("\n")}${rest}`));
    });
  });
}

function metricOf(text: string, sample: string): number {
  const line = text.split("\n").find((each) => each.startsWith(`${sample} `));
  return line === undefined ? 0 : Number(line.slice(sample.length + 1));
}

async function stop(child: ChildProcess): Promise<number | null> {
  if ((child.exitCode ?? child.signalCode ?? null) !== null) return child.exitCode;
  const ended = new Promise<number | null>((resolve) => {
    child.once("exit", (code) => resolve(code));
  });
  // By number: on Deno `child.kill` makes the exit look like the signal's, whatever the program does.
  if (child.pid !== undefined) process.kill(child.pid, "SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 15_000);
  const code = await ended;
  clearTimeout(timer);
  return code;
}
