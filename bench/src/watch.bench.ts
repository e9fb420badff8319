// Following tens of thousands of pods of a real kube-apiserver: memory, time until the state is complete, decoding speed,
// beside the informers of @kubernetes/client-node and client-go.
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { missingKubernetesPeers, startEtcd, startKubeApiserver } from "@coracle/test/peers/kubernetes";
import { type Bench, type BenchContext, CannotRun } from "./bench.ts";
import type { BenchRow } from "./row.ts";
import { decodeRows } from "./watch/decode-rows.ts";
import { followRows } from "./watch/follow-rows.ts";
import { madeUpPod, recordWatch } from "./watch/recorded-events.ts";
import { type StoredPod, storePods, takePattern } from "./watch/stored-pods.ts";

/** The benchmark. */
export const bench: Bench = {
  name: "watch",
  summary: "following 10,000 and 50,000 pods: memory, time, decoding speed",
  run,
};

const RECORDED_EVENTS = 2000;
/** How often each number of pods is followed by every follower. */
const ROUNDS: Readonly<Record<number, number>> = { 10_000: 3, 50_000: 1 };
/** 50,000 pods of 12 kB with their history go beyond etcd's default of 2 GiB. */
const ETCD_FLAGS = ["--quota-backend-bytes=8589934592", "--max-request-bytes=8388608", "--unsafe-no-fsync"];

async function run(context: BenchContext): Promise<readonly BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "coracle-bench-watch-"));
  context.cleanUp(() => rmSync(folder, { recursive: true, force: true }));
  if (context.smoke) return await decodeRows(context, recordWatch(madeUpPod, 200), folder);
  const missing = missingKubernetesPeers();
  if (missing.length > 0) throw new CannotRun(missing.join("; "), "`bun run peers` brings them.");
  const etcd = await startEtcd({ flags: ETCD_FLAGS });
  context.cleanUp(() => etcd.stop());
  const server = await startKubeApiserver({ etcd });
  context.cleanUp(() => server.stop());
  const pod: StoredPod = await takePattern(server);
  const rows = [...(await decodeRows(context, recordWatch(pod.text, RECORDED_EVENTS), folder))];
  let stored = 0;
  for (const [pods, rounds] of Object.entries(ROUNDS)) {
    context.progress(`storing ${pods} pods of ${pod.sizeBytes} bytes`);
    await storePods(server, pod, stored, Number(pods));
    stored = Number(pods);
    const { kubeconfigPath: kubeconfig } = server;
    rows.push(...(await followRows(context, { pods: stored, rounds, kubeconfig, folder })));
  }
  return rows;
}
