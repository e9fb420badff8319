// The rows of the API server's benchmark.
import { createKubeClient, loadKubeconfig } from "@coracle/kube/io";
import { type BenchContext, interleave } from "../bench.ts";
import { RAW_SQLITE, rawInsertsPerSecond } from "../raw-sqlite.ts";
import { type BenchRow, type Measured, toRow } from "../row.ts";
import { runClient } from "./run-client.ts";
import type { MeasuredServer } from "./servers.ts";

/** What is measured, and at which size. */
export interface ApiserverRun {
  readonly context: BenchContext;
  readonly ours: MeasuredServer;
  /** Absent where no kube-apiserver can be run. */
  readonly reference: MeasuredServer | undefined;
  /** A new path for a database on the servers' disk. */
  readonly newDatabase: () => string;
  readonly rounds: number;
  readonly creates: number;
  readonly listed: number;
  readonly watchers: number;
}

const IN_FLIGHT = 64;
/** An attachment as it is stored: about three times what the user sent. */
const STORED_BYTES = 1000;
const KUBE_APISERVER = "kube-apiserver and etcd, same kind as a custom resource";
const FAN_OUT_EVENTS = 20;

type Row = Omit<Measured, "bench" | "rounds">;

/** Creates: how many a second, and what one costs. */
export async function createRows(run: ApiserverRun): Promise<BenchRow[]> {
  const { context, ours, reference, creates, rounds } = run;
  const value = new Uint8Array(STORED_BYTES).fill(97);
  let prefix = 0;
  const cpu: [number, number?][] = [];
  const pairs = await interleave(
    rounds,
    async () => {
      context.progress(`${creates} creates, ${IN_FLIGHT} in flight`);
      const own = await runClient(ours, ["create", `create-${++prefix}`, creates, IN_FLIGHT]);
      const other =
        reference === undefined
          ? undefined
          : await runClient(reference, ["create", `create-${prefix}`, creates, IN_FLIGHT]);
      cpu.push([own.serverCpuMs / creates, ...(other === undefined ? [] : [other.serverCpuMs / creates])] as [
        number,
        number?,
      ]);
      return own.figures["perSecond"] ?? 0;
    },
    async () => rawInsertsPerSecond(run.newDatabase(), creates, value),
  );
  const perSecond: Row = {
    row: "durable creates, 64 in flight",
    unit: "creates/s",
    better: "higher",
    against: RAW_SQLITE,
    gate: 0.4,
  };
  const price: Row = { row: "CPU per create", unit: "ms", better: "lower", against: KUBE_APISERVER, gate: 2 };
  return [makeRow(perSecond, pairs), makeRow(price, cpu)];
}

/** A list of everything, after filling up to `listed`. */
export async function listRows(run: ApiserverRun): Promise<BenchRow[]> {
  const { context, ours, reference, listed, creates, rounds } = run;
  context.progress(`list of ${listed} objects`);
  const missing = Math.max(1, listed - rounds * creates);
  for (const server of [ours, reference])
    if (server !== undefined) await runClient(server, ["create", "list", missing, IN_FLIGHT]);
  const pairs = await bothTimed(run, ["list"], "listMs");
  const row: Row = {
    row: `list of ${listed.toLocaleString("en-US")} objects`,
    unit: "ms",
    better: "lower",
    against: KUBE_APISERVER,
  };
  return [makeRow(row, pairs)];
}

/** One event to very many watchers: encoded once, however many there are. */
export async function fanOutRows(run: ApiserverRun): Promise<BenchRow[]> {
  const { context, ours, reference, watchers } = run;
  const name = `${watchers.toLocaleString("en-US")} watchers`;
  context.progress(`fan-out to ${name}`);
  const task = ["fan-out", "fan", watchers, FAN_OUT_EVENTS] as const;
  const before = await encodings(ours);
  const own = await runClient(ours, task);
  const perEvent = ((await encodings(ours)) - before) / FAN_OUT_EVENTS;
  const other = reference === undefined ? undefined : await runClient(reference, task);
  const rate = ({ figures }: { readonly figures: Readonly<Record<string, number>> }): number =>
    figures["deliveriesPerSecond"] ?? 0;
  const encoded: Row = {
    row: `encodings of an event for ${name}`,
    unit: "times",
    better: "lower",
    against: "limit",
    gate: 1,
  };
  const delivered: Row = { row: `deliveries to ${name}`, unit: "events/s", better: "higher", against: KUBE_APISERVER };
  return [
    makeRow(encoded, [[perEvent, 1]]),
    makeRow(delivered, [[rate(own), ...(other === undefined ? [] : [rate(other)])] as [number, number?]]),
  ];
}

/** From the create to the watch that tells of it. */
export async function latencyRows(run: ApiserverRun): Promise<BenchRow[]> {
  run.context.progress("latency from create to watch");
  const count = run.context.smoke ? 20 : 500;
  const rounds: Record<"p50Ms" | "p99Ms", [number, number?]> = { p50Ms: [0], p99Ms: [0] };
  const own = await runClient(run.ours, ["latency", "latency", count]);
  const other = run.reference === undefined ? undefined : await runClient(run.reference, ["latency", "latency", count]);
  return (["p50Ms", "p99Ms"] as const).map((quantile) => {
    const reference = other?.figures[quantile];
    rounds[quantile] = [own.figures[quantile] ?? Number.NaN, ...(reference === undefined ? [] : [reference])] as [
      number,
      number?,
    ];
    const row = `create to watch delivery, ${quantile.slice(0, 3)}`;
    return makeRow({ row, unit: "ms", better: "lower", against: KUBE_APISERVER }, [rounds[quantile]]);
  });
}

async function bothTimed(run: ApiserverRun, task: readonly string[], figure: string): Promise<[number, number?][]> {
  const pairs: [number, number?][] = [];
  for (let round = 0; round < run.rounds; round++) {
    const own = (await runClient(run.ours, task)).figures[figure] ?? Number.NaN;
    const other = run.reference === undefined ? undefined : (await runClient(run.reference, task)).figures[figure];
    pairs.push(other === undefined ? [own] : [own, other]);
  }
  return pairs;
}

/** How often our server has encoded an event of the kind so far, by its own metric. */
async function encodings(server: MeasuredServer): Promise<number> {
  const client = createKubeClient(await loadKubeconfig({ path: server.kubeconfig }));
  try {
    const response = await client.transport.send({ method: "GET", path: "/metrics" });
    const count = /^apiserver_watch_events_encoded\{resource="networkattachments"\} (\d+)$/m.exec(
      await response.text(),
    )?.[1];
    if (count === undefined) throw new Error("Cannot count encodings: the server has no such metric");
    return Number(count);
  } finally {
    client.close();
  }
}

function makeRow(row: Row, rounds: Measured["rounds"]): BenchRow {
  return toRow({ bench: "apiserver", ...row, rounds });
}
