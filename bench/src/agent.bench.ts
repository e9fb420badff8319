// The agent's memory with a hundred thousand attachments of other nodes: what each takes, what churn leaves behind, what a
// virtual network without an attachment here sends, and what a restart changes.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createKubeClient, type KubeClient, loadKubeconfig } from "@coracle/kube/io";
import { MeasuredAgent } from "./agent/measured-agent.ts";
import { createLocal, createRemote, deleteRemote, moveRemote, storeLikeFirst } from "./agent/stored-attachments.ts";
import { startServerOn } from "./apiserver/servers.ts";
import type { Bench, BenchContext } from "./bench.ts";
import { buildBinaries } from "./binaries.ts";
import { BRIDGE, startSwitch } from "./flows/bench-switch.ts";
import { type BenchRow, median, toRow } from "./row.ts";

/** The benchmark. */
export const bench: Bench = {
  name: "agent",
  summary: "memory of the agent with attachments of other nodes, under churn, and over a restart",
  run,
};

const KIB_EACH_MAX = 1000 / 1024;
/** How long memory is left alone before it is looked at: the agent gives back what it does not need when it is idle. */
const REST_MS = 6000;
const GROWTH_MAX = 1.1;
const IN_FLIGHT = 16;

async function run(context: BenchContext): Promise<readonly BenchRow[]> {
  const remotes = context.smoke ? 500 : 100_000;
  const binaries = buildBinaries(["apiserver", "ovs-agent"]);
  const ovs = await startSwitch(context);
  ovs.addBridge(BRIDGE);
  const folder = await mkdtemp(join(tmpdir(), "coracle-bench-agent-"));
  context.cleanUp(() => rm(folder, { recursive: true, force: true }));
  context.progress(`${remotes} attachments into the database`);
  await withClient(folder, (client) => createRemote(client, 0));
  await storeLikeFirst(folder, remotes);
  return withClient(folder, async (client, kubeconfig) => {
    const start = async (): Promise<MeasuredAgent> => {
      const agent = await MeasuredAgent.start(binaries["ovs-agent"], kubeconfig, ovs);
      context.cleanUp(() => agent.end());
      return agent;
    };
    const agent = await start();
    const rows = await fillRows(context, { agent, client, remotes });
    rows.push(await churnRow(context, { agent, client, remotes }));
    await agent.end();
    return [...rows, ...(await restartRows(context, start, remotes))];
  });
}

interface Work {
  readonly agent: MeasuredAgent;
  readonly client: KubeClient;
  readonly remotes: number;
}

/** The bytes before there is an attachment here, then what all the others take. */
async function fillRows(context: BenchContext, { agent, client, remotes }: Work): Promise<BenchRow[]> {
  context.progress("no attachment here");
  const restMs = context.smoke ? 0 : REST_MS;
  await agent.settled(0, 0);
  await sleep(restMs);
  const foreign = { bench: "agent", row: "bytes of networks without an attachment here", against: "none" } as const;
  const bytes = await agent.metric('coracle_agent_watch_bytes_total\\{[^}]*scope="remote"[^}]*\\}');
  const before = agent.memory().nowMiB;
  context.progress(`an attachment here: ${remotes} of other nodes follow`);
  const startMs = performance.now();
  await createLocal(client);
  await agent.settled(1, remotes);
  const tookMs = performance.now() - startMs;
  await sleep(restMs);
  const { nowMiB, peakMiB } = agent.memory();
  const memory = { bench: "agent", unit: "MiB", better: "lower" } as const;
  return [
    // Nothing at all is allowed, of which there is no ratio: one byte more, on both sides.
    toRow({ ...foreign, unit: "B + 1", better: "lower", gate: 1, rounds: [[bytes + 1, 1]] }),
    toRow({
      bench: "agent",
      row: `RSS for each of ${remotes.toLocaleString("en")} attachments`,
      unit: "KiB",
      better: "lower",
      against: "limit, 1 kB",
      gate: 1,
      rounds: [[((nowMiB - before) * 1024) / remotes, KIB_EACH_MAX]],
    }),
    toRow({ ...memory, row: "RSS with all of them", against: "without any", rounds: [[nowMiB, before]] }),
    toRow({ ...memory, row: "peak RSS until then", rounds: [[peakMiB]] }),
    toRow({
      bench: "agent",
      row: "first attachment here → all flows of the others",
      unit: "ms",
      better: "lower",
      rounds: [[tookMs]],
    }),
  ];
}

/** Attachments of other nodes come, move and go; memory is looked at after each round. */
async function churnRow(context: BenchContext, { agent, client, remotes }: Work): Promise<BenchRow> {
  const rounds = Number(process.env["CORACLE_BENCH_CHURN_ROUNDS"] ?? (context.smoke ? 4 : 40));
  const each = context.smoke ? 10 : 100;
  context.progress(`${rounds} rounds: ${each} attachments come, move and go`);
  const figures: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const indexes = Array.from({ length: each }, (_, index) => remotes + round * each + index);
    await atOnce(indexes, (index) => createRemote(client, index));
    await agent.settled(1, remotes + each);
    await atOnce(indexes, (index) => moveRemote(client, index));
    await atOnce(indexes, (index) => deleteRemote(client, index));
    await agent.settled(1, remotes);
    figures.push(agent.memory().nowMiB);
    if (round % 20 === 19) context.progress(`round ${round + 1}: ${figures.at(-1)?.toFixed(1)} MiB`);
  }
  const quarter = rounds / 4;
  const [second, last] = [figures.slice(quarter, 2 * quarter), figures.slice(3 * quarter)];
  return toRow({
    bench: "agent",
    row: "RSS under churn, last quarter",
    unit: "MiB",
    better: "lower",
    against: "second quarter",
    gate: Math.ceil(100 / GROWTH_MAX) / 100,
    rounds: [[median(last), median(second)]],
  });
}

/** A new agent where everything is as it should be. */
async function restartRows(
  context: BenchContext,
  start: () => Promise<MeasuredAgent>,
  remotes: number,
): Promise<BenchRow[]> {
  context.progress("a new agent");
  const startMs = performance.now();
  const agent = await start();
  const { counters } = await agent.settled(1, remotes);
  const tookMs = performance.now() - startMs;
  const common = { bench: "agent", better: "lower" } as const;
  return [
    toRow({
      ...common,
      row: "flow-mods of a restart, nothing changed",
      unit: "flow-mods + 1",
      against: "none",
      gate: 1,
      rounds: [[counters.flowMods + 1, 1]],
    }),
    toRow({ ...common, row: "restart → all compared", unit: "ms", rounds: [[tookMs]] }),
    toRow({ ...common, row: "peak RSS of a restart", unit: "MiB", rounds: [[agent.memory().peakMiB]] }),
  ];
}

/** Runs `body` with our API server on the database in `folder`. */
async function withClient<T>(folder: string, body: (client: KubeClient, kubeconfig: string) => Promise<T>): Promise<T> {
  const server = await startServerOn(folder);
  try {
    const client = createKubeClient(await loadKubeconfig({ path: server.kubeconfig }));
    try {
      return await body(client, server.kubeconfig);
    } finally {
      client.close();
    }
  } finally {
    await server.stop();
  }
}

async function atOnce(indexes: readonly number[], act: (index: number) => Promise<void>): Promise<void> {
  const left = [...indexes];
  const lane = async (): Promise<void> => {
    for (let index = left.pop(); index !== undefined; index = left.pop()) await act(index);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
}
