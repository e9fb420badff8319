// From an attachment's creation to its interface: the whole system at 1, 10 and 100 creations a second, and where the time goes.
import { laboratorySupport } from "@coracle/lab/io";
import { ATTACH_BINARIES, type FabricName, startAttachSystem } from "./attach/attach-system.ts";
import { type LoadAmount, type LoadFigures, measureLoad, type Quantiles } from "./attach/load-figures.ts";
import type { Bench, BenchContext } from "./bench.ts";
import { buildBinaries } from "./binaries.ts";
import { type BenchRow, toRow } from "./row.ts";

/** The benchmark. */
export const bench: Bench = {
  name: "attach",
  summary: "from an attachment's creation to its interface, by rate and stage",
  run,
};

const FULL: readonly LoadAmount[] = [
  { perSecond: 1, count: 20, waitSeconds: 5 },
  { perSecond: 10, count: 200, waitSeconds: 5 },
  { perSecond: 100, count: 1000, waitSeconds: 40 },
];
const SMOKE: readonly LoadAmount[] = [{ perSecond: 20, count: 20, waitSeconds: 10 }];

async function run(context: BenchContext): Promise<readonly BenchRow[]> {
  const binaries = buildBinaries(ATTACH_BINARIES);
  const support = await laboratorySupport();
  if (support.kind === "missing") context.progress(`on the log fabric alone: ${support.reason}; ${support.remedy}`);
  const fabrics: readonly FabricName[] = support.kind === "ready" ? ["ovs", "log"] : ["log"];
  const rows: BenchRow[] = [];
  for (const amount of context.smoke ? SMOKE : FULL) {
    const figures = new Map<FabricName, LoadFigures>();
    for (const fabric of fabrics) {
      context.progress(`${amount.count} attachments at ${amount.perSecond}/s, fabric ${fabric}`);
      const system = await startAttachSystem(binaries, fabric);
      try {
        figures.set(fabric, await measureLoad(binaries.load, system, amount));
      } finally {
        await system.stop();
      }
    }
    rows.push(...rowsOf(amount, figures));
  }
  return rows;
}

/** Rows of Open vSwitch beside the log, which shows what the fabric adds; of the log alone where there is no other. */
function rowsOf({ perSecond }: LoadAmount, figures: ReadonlyMap<FabricName, LoadFigures>): BenchRow[] {
  const log = figures.get("log");
  const ours = figures.get("ovs") ?? log;
  if (ours === undefined) return [];
  const isCompared = ours !== log;
  const row = (name: string, read: (from: LoadFigures) => number): BenchRow => {
    const figure = [read(ours) * 1000, ...(isCompared && log !== undefined ? [read(log) * 1000] : [])];
    return toRow({
      bench: "attach",
      row: `${perSecond}/s: ${name}${isCompared ? "" : " (log)"}`,
      unit: "ms",
      better: "lower",
      ...(isCompared ? { against: "log fabric" } : {}),
      rounds: [figure as [number, number?]],
    });
  };
  const quantiles = ["p50", "p95", "p99"] as const satisfies readonly (keyof Quantiles)[];
  return [
    ...quantiles.map((quantile) => row(`create → ready, ${quantile}`, (from) => from.createToReady[quantile])),
    row("create call, p50", (from) => from.create.p50),
    row("creation → address, p50", (from) => from.serverCreateToAddressed.p50),
    row("address → interface, p50", (from) => from.serverAddressedToReady.p50),
  ];
}
