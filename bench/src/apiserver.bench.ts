// The API server on SQLite: durable creates and their price, lists, fan-out to a thousand watchers, delivery latency; beside
// raw SQLite and a real kube-apiserver with etcd.
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { missingKubernetesPeers } from "@coracle/test/peers/kubernetes";
import { type ApiserverRun, createRows, fanOutRows, latencyRows, listRows } from "./apiserver/rows.ts";
import { type MeasuredServer, startOurServer, startReferenceServer } from "./apiserver/servers.ts";
import { type Bench, type BenchContext, CannotRun } from "./bench.ts";
import type { BenchRow } from "./row.ts";

/** The benchmark. */
export const bench: Bench = {
  name: "apiserver",
  summary: "durable creates, their CPU time, lists, fan-out, latency",
  run,
};

const FULL = { rounds: 3, creates: 1000, listed: 10_000, watchers: 1000 };
const SMOKE = { rounds: 1, creates: 100, listed: 200, watchers: 50 };

async function run(context: BenchContext): Promise<readonly BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "coracle-bench-sqlite-"));
  context.cleanUp(() => rmSync(folder, { recursive: true, force: true }));
  const started = async (start: () => Promise<MeasuredServer>): Promise<MeasuredServer> => {
    const server = await start();
    context.cleanUp(() => server.stop());
    return server;
  };
  const ours = await started(startOurServer);
  const reference = context.smoke ? undefined : await started(referenceServer);
  let databases = 0;
  const measured: ApiserverRun = {
    context,
    ours,
    reference,
    newDatabase: () => join(folder, `${++databases}.db`),
    ...(context.smoke ? SMOKE : FULL),
  };
  return [
    ...(await createRows(measured)),
    ...(await listRows(measured)),
    ...(await fanOutRows(measured)),
    ...(await latencyRows(measured)),
  ];
}

async function referenceServer(): Promise<MeasuredServer> {
  const missing = missingKubernetesPeers();
  if (missing.length > 0) throw new CannotRun(missing.join("; "), "`bun run peers` brings them.");
  return await startReferenceServer();
}
