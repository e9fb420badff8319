// How soon each compiled binary answers /livez, and how much memory it holds when nothing happens.
import { rmSync, writeFileSync } from "node:fs";
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
const BINARIES = [
  "apiserver",
  "watcher",
  "ipam",
  "ovs-agent",
  "load",
  "dtls-router",
  "heartbeat",
] as const satisfies readonly BinaryName[];
/** The discard port (RFC 863): nobody answers there. */
const NOBODY = "127.0.0.1:9";

/** The command line of a start, for an `--http` address; `round` counts from 0. */
type MakeArguments = (http: string, round: number) => string[];

async function run(context: BenchContext): Promise<readonly BenchRow[]> {
  const paths = buildBinaries(BINARIES);
  const folder = await mkdtemp(join(tmpdir(), "coracle-bench-startup-"));
  context.cleanUp(() => rmSync(folder, { recursive: true, force: true }));
  const api = await startOurServer();
  context.cleanUp(() => api.stop());
  const argumentsOf = commandLines(folder, api.kubeconfig);
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

function commandLines(folder: string, kubeconfig: string): Readonly<Record<(typeof BINARIES)[number], MakeArguments>> {
  const pskFile = join(folder, "psk");
  writeFileSync(pskFile, "device=c3RhcnR1cA==\n", { mode: 0o600 });
  const local = ["--listen", "127.0.0.1:0"];
  const client = ["--kubeconfig", kubeconfig];
  const agent = ["run", "--fabric", "log", "--node", "startup", "--host-ip", "127.0.0.1", ...client];
  return {
    apiserver: (http, round) => {
      // The first start of a data folder makes keys; an operator's restarts do not.
      const data = join(folder, `data-${Math.min(round, 1)}`);
      return ["--standalone", "--data", data, ...local, "--http", http];
    },
    watcher: (http) => ["pods", ...client, "--http", http],
    ipam: (http) => [...client, "--http", http],
    "ovs-agent": (http) => [...agent, "--http", http],
    // Of the load drivers the one that is idle while nobody else is there.
    load: (http) => ["nat", ...local, "--backends", NOBODY, "--http", http],
    "dtls-router": (http) => [...local, "--psk-file", pskFile, "--http", http],
    heartbeat: (http) => [...local, "--node-id", "1", "--peers", NOBODY, "--http", http],
  };
}
