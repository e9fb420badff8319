// How soon each compiled binary answers /livez, and how much memory it holds when nothing happens.
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bench, BenchContext } from "./bench.ts";
import { type BinaryName, buildBinaries } from "./binaries.ts";
import { type BenchRow, toRow } from "./row.ts";
import { startOurServer } from "./apiserver/servers.ts";
import { measureStart, type StartFigures } from "./startup/start-figures.ts";

/** The benchmark. */
export const bench: Bench = { name: "startup", summary: "time to /livez and idle memory of each binary", run };

const LIVEZ_MS_MAX = 100;
const IDLE_MIB_MAX = 60;
/** What a program is given to come to rest. */
const IDLE_AFTER_MS = 4000;
const BINARIES = ["apiserver", "watcher"] as const satisfies readonly BinaryName[];

async function run(context: BenchContext): Promise<readonly BenchRow[]> {
  const paths = buildBinaries(BINARIES);
  const folder = await mkdtemp(join(tmpdir(), "coracle-bench-startup-"));
  context.cleanUp(() => rmSync(folder, { recursive: true, force: true }));
  const api = await startOurServer();
  context.cleanUp(() => api.stop());
  const argumentsOf: Readonly<Record<(typeof BINARIES)[number], (http: string, round: number) => string[]>> = {
    apiserver: (http, round) => {
      // The first start of a data folder makes keys; an operator's restarts do not.
      const data = join(folder, `data-${Math.min(round, 1)}`);
      return ["--standalone", "--data", data, "--listen", "127.0.0.1:0", "--http", http];
    },
    watcher: (http) => ["pods", "--kubeconfig", api.kubeconfig, "--http", http],
  };
  const rounds = context.smoke ? 1 : 7;
  const rows: BenchRow[] = [];
  for (const name of BINARIES) {
    const figures: StartFigures[] = [];
    for (let round = 0; round <= rounds; round++) {
      context.progress(`${name}, start ${round} of ${rounds}`);
      const isLast = round === rounds;
      const taken = await measureStart([paths[name]], argumentsOf[name], { round, idleMs: isLast ? IDLE_AFTER_MS : 0 });
      // The first start reads the binary from the disk.
      if (round > 0) figures.push(taken);
    }
    const limit = { bench: "startup", better: "lower", against: "limit", gate: 1 } as const;
    const times = figures.map(({ livezMs }) => [livezMs, LIVEZ_MS_MAX] as const);
    rows.push(toRow({ ...limit, row: `coracle-${name}: start to /livez`, unit: "ms", rounds: times }));
    const idle = figures.at(-1)?.idleMiB ?? Number.NaN;
    rows.push(toRow({ ...limit, row: `coracle-${name}: idle RSS`, unit: "MiB", rounds: [[idle, IDLE_MIB_MAX]] }));
  }
  return rows;
}
