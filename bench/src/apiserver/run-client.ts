// Runs the client process against a server and takes the server's CPU time meanwhile.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { processCpuNs } from "../process-clock.ts";
import type { TaskFigures } from "./client-tasks.ts";
import type { MeasuredServer } from "./servers.ts";

const NS_PER_MS = 1e6;

/** What a client process tells, and what it cost the server. */
export interface ClientRun {
  readonly figures: TaskFigures;
  readonly serverCpuMs: number;
}

/** Runs one task to its end. */
export async function runClient(server: MeasuredServer, task: readonly (string | number)[]): Promise<ClientRun> {
  const argv = [join(import.meta.dirname, "client-program.ts"), server.kubeconfig, ...task.map(String)];
  const before = cpuMs(server);
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let complaints = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString("utf8")));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`Cannot run the client task ${task[0]}: ${complaints.slice(-2000)}`);
  return { figures: JSON.parse(out) as TaskFigures, serverCpuMs: cpuMs(server) - before };
}

function cpuMs(server: MeasuredServer): number {
  return server.pids.reduce((sum, pid) => sum + processCpuNs(pid) / NS_PER_MS, 0);
}
