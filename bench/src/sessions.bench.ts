// What an idle DTLS session costs in memory, and what a lookup allocates, at a hundred thousand sessions.
import { spawnSync } from "node:child_process";
import { type Bench, type BenchContext, CannotRun } from "./bench.ts";
import { type BenchRow, toRow } from "./row.ts";

/** What an idle session may cost; Californium's costs about three times as much. */
const SESSION_BYTES_MAX = 1024;
/** Less than a byte per lookup is what the measuring itself leaves. */
const LOOKUP_BYTES_MAX = 0.1;
const PROGRAM = new URL("./sessions/client-sessions.ts", import.meta.url).pathname;

/** The benchmark. */
export const bench: Bench = { name: "sessions", summary: "memory of idle DTLS sessions, allocation of lookups", run };

interface Figures {
  readonly bytesPerSession: number;
  readonly bytesPerLookup: number;
  readonly rssPerSession: number;
}

async function run(context: BenchContext): Promise<readonly BenchRow[]> {
  if (!("Bun" in globalThis)) throw new CannotRun("sizes of the heap are Bun's", "run the benchmark on Bun");
  const sessions = context.smoke ? 20_000 : 100_000;
  const rounds = context.smoke ? 1 : 3;
  const figures: Figures[] = [];
  for (let round = 0; round < rounds; round++) {
    context.progress(`${sessions} sessions`);
    figures.push(measure(sessions));
  }
  const limit = "the limit";
  const common = { bench: "sessions", better: "lower", against: limit } as const;
  return [
    toRow({
      ...common,
      row: `idle session, live, at ${sessions}`,
      unit: "bytes",
      gate: 1,
      rounds: figures.map(({ bytesPerSession }) => [bytesPerSession, SESSION_BYTES_MAX]),
    }),
    toRow({
      ...common,
      row: "allocated by a lookup",
      unit: "bytes",
      gate: 1,
      // Never exactly nothing, so that there is a ratio.
      rounds: figures.map(({ bytesPerLookup }) => [Math.max(bytesPerLookup, 0.001), LOOKUP_BYTES_MAX]),
    }),
    toRow({
      bench: "sessions",
      row: "resident memory of the whole process per session",
      unit: "bytes",
      better: "lower",
      rounds: figures.map(({ rssPerSession }) => [rssPerSession]),
    }),
  ];
}

function measure(sessions: number): Figures {
  const child = spawnSync(process.execPath, [PROGRAM, String(sessions)], { encoding: "utf8" });
  if (child.status !== 0) throw new Error(`Cannot measure sessions: ${child.stderr.slice(-500)}`);
  return JSON.parse(child.stdout) as Figures;
}
