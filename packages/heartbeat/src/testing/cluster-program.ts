// A program of a cluster as a real process: started from its source with ephemeral HTTP, ended in the end.
import { type ChildProcess, spawn } from "node:child_process";

export { freeUdpPort } from "@coracle/sim";

const START_TIMEOUT_MS = 30_000;

/** A running program. */
export interface ClusterProgram {
  readonly url: string;
  readonly child: ChildProcess;
  /** Log lines so far. */
  readonly log: readonly string[];
  json(path: string): Promise<unknown>;
  isReady(): Promise<boolean>;
  /** Ends it; resolves when it has ended. */
  end(signal?: "SIGTERM" | "SIGKILL"): Promise<number | null>;
}

/** Starts `packages/NAME` and waits until it serves HTTP. */
export async function startProgram(
  name: "heartbeat" | "dtls-router",
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ClusterProgram> {
  const main = new URL(`../../../${name}/src/main.ts`, import.meta.url).pathname;
  const runtime = "Deno" in globalThis ? ["run", "-A", "--unstable-net", main] : [main];
  const child = spawn(process.execPath, [...runtime, "--http", "127.0.0.1:0", ...flags], {
    env: { ...process.env, NO_COLOR: "1", ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const log: string[] = [];
  const url = await untilServing(child, log);
  return {
    url,
    child,
    log,
    json: async (path) => (await fetch(url + path)).json(),
    isReady: async () => (await fetch(`${url}/readyz`)).status === 200,
    end: (signal = "SIGTERM") => end(child, signal),
  };
}

function untilServing(child: ChildProcess, log: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`No start within ${START_TIMEOUT_MS} ms: ${log.join("\n")}`));
    }, START_TIMEOUT_MS);
    let rest = "";
    child.stderr?.on("data", (piece: Buffer) => {
      const lines = (rest + piece.toString("utf8")).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        log.push(line);
        const url = /"listener":"http","url":"([^"]+)"/.exec(line)?.[1];
        if (url === undefined) continue;
        clearTimeout(timer);
        resolve(url);
      }
    });
    child.once("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`The program ended with ${code}: ${log.join("\n")}${rest}`));
    });
  });
}

async function end(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
  if ((child.exitCode ?? child.signalCode ?? null) !== null) return child.exitCode;
  const ended = new Promise<number | null>((resolve) => {
    child.once("exit", (code) => resolve(code));
  });
  child.kill(signal);
  const timer = setTimeout(() => child.kill("SIGKILL"), 15_000);
  const code = await ended;
  clearTimeout(timer);
  return code;
}
