// What a request costs two nodes that reaches the one and belongs to the other, beside one that reaches its owner.
import { spawnSync } from "node:child_process";
import { type BenchContext, interleave } from "../bench.ts";
import { type BenchRow, toRow } from "../row.ts";
import type { BenchServers, RouterPair } from "./bench-servers.ts";
import type { LoadProcess, LoadResult } from "./load-process.ts";
import { BUSY_CLIENTS, type SealedLoad, SERVER_CORE } from "./sealed-load.ts";
import { requestCostUs } from "./terminating-server.ts";

/** A forwarded request may cost busy nodes 1.3 times a direct one; four HMACs more may make that 1.6 times. */
const GATES = { plain: 0.77, "dtls-mac": 0.625 } as const;
const MODES = ["plain", "dtls-mac"] as const;
/** Clients of nodes that sleep most of the time. */
const FEW_CLIENTS = 32;

interface Sizes {
  readonly rounds: number;
  readonly warm: number;
  readonly requests: number;
}

/** How much is measured of nodes that sleep most of the time, and of busy ones. */
export interface ForwardedSizes {
  readonly sleepy: Sizes;
  readonly busy: Sizes;
}

interface Stage {
  readonly sizes: Sizes;
  readonly load: LoadProcess;
  readonly pair: RouterPair;
  readonly mode: (typeof MODES)[number];
}

/** Rows for each way that frames between nodes are protected in. */
export async function forwardedRows(
  context: BenchContext,
  sizes: ForwardedSizes,
  {
    load,
    sealed,
    servers,
  }: { readonly load: LoadProcess; readonly sealed: SealedLoad; readonly servers: BenchServers },
): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const mode of MODES) {
    const pair = await servers.twoRouters(mode);
    context.progress(`forwarded requests of ${FEW_CLIENTS} clients, mode ${mode}`);
    rows.push(await sleepyRow({ sizes: sizes.sleepy, load, pair, mode }));
    context.progress(`forwarded requests of ${BUSY_CLIENTS} clients that keep the nodes busy, mode ${mode}`);
    await load.connect(BUSY_CLIENTS, pair.owner.port);
    rows.push(await busyRow({ sizes: sizes.busy, load, pair, mode }, sealed));
  }
  return rows;
}

/** The clients cost more than the nodes, which wake for a few datagrams at a time. Shown, not gated: waking is the system's. */
async function sleepyRow(stage: Stage): Promise<BenchRow> {
  const { load, pair } = stage;
  await load.connect(FEW_CLIENTS, pair.owner.port);
  return await rowOf(stage, "", (port, count) => load.requests(count, port));
}

async function busyRow(stage: Stage, sealed: SealedLoad): Promise<BenchRow> {
  for (const pid of stage.pair.pids)
    spawnSync("taskset", ["--all-tasks", "--cpu-list", "--pid", String(SERVER_CORE), String(pid)]);
  return await rowOf(
    stage,
    ", busy",
    (port) => sealed.send(port),
    (count) => sealed.seal(stage.load, count),
  );
}

async function rowOf(
  { sizes, pair, mode }: Stage,
  load: string,
  send: (port: number, count: number) => Promise<LoadResult>,
  prepare: (count: number) => Promise<void> = () => Promise.resolve(),
): Promise<BenchRow> {
  const { owner, other, pids } = pair;
  /** CPU time of a request in microseconds, over both nodes. */
  const cost = async (port: number, count: number): Promise<number> => {
    await prepare(count);
    return await requestCostUs(pids, count, () => send(port, count));
  };
  if (sizes.warm > 0) for (const port of [owner.port, other.port]) await cost(port, sizes.warm);
  const rounds = await interleave(
    sizes.rounds,
    () => cost(other.port, sizes.requests),
    () => cost(owner.port, sizes.requests),
  );
  return toRow({
    bench: "dtls",
    row: `CPU per forwarded request, both nodes, ${mode}${load}`,
    unit: "µs",
    better: "lower",
    against: "a direct one",
    ...(load === "" ? {} : { gate: GATES[mode] }),
    rounds,
  });
}
