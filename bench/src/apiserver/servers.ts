// The two servers of the benchmark: our compiled binary on SQLite, and a real kube-apiserver on etcd.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installNetworkKinds } from "@coracle/test/differential/servers";
import { startKubeApiserver, waitFor } from "@coracle/test/peers/kubernetes";
import { buildBinaries } from "../binaries.ts";

/** A server to measure. */
export interface MeasuredServer {
  readonly kubeconfig: string;
  /** The processes whose CPU time is the price of a request. */
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

/** Our API server, standalone, with a new database, which goes with it. */
export async function startOurServer(): Promise<MeasuredServer> {
  const folder = await mkdtemp(join(tmpdir(), "coracle-bench-apiserver-"));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const server = await startServerOn(folder);
    return { ...server, stop: () => server.stop().then(remove) };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Our API server, standalone, with the database in `folder`, which stays. */
export async function startServerOn(folder: string): Promise<MeasuredServer> {
  const { apiserver } = buildBinaries(["apiserver"]);
  const kubeconfig = join(folder, "admin.kubeconfig");
  await rm(kubeconfig, { force: true });
  const argv = ["--standalone", "--data", folder, "--listen", "127.0.0.1:0"];
  const child = spawn(apiserver, argv, { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => (log = (log + chunk.toString("utf8")).slice(-8192)));
  const stop = (): Promise<void> => endProcess(child);
  try {
    await waitFor("coracle-apiserver", async () => (existsSync(kubeconfig) ? true : undefined), { timeoutMs: 60_000 });
  } catch (cause) {
    await stop();
    throw new Error(`Cannot start coracle-apiserver: ${log}`, { cause });
  }
  return { kubeconfig, pids: [child.pid ?? 0], stop };
}

/** A real kube-apiserver with our kinds as custom resources; etcd's work counts as its own. */
export async function startReferenceServer(): Promise<MeasuredServer> {
  const server = await startKubeApiserver();
  try {
    await installNetworkKinds(server);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { kubeconfig: server.kubeconfigPath, pids: [server.pid(), server.etcd.pid()], stop: () => server.stop() };
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 3000);
  await gone;
  clearTimeout(timer);
}
