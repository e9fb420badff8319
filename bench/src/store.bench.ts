// Durable writes of the SQLite store beside single-row transactions of raw SQLite on the same disk.
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NOT_EXISTING } from "@coracle/store";
import { openSqliteStore } from "@coracle/store/io";
import { type Bench, type BenchContext, interleave } from "./bench.ts";
import { RAW_SQLITE, rawInsertsPerSecond } from "./raw-sqlite.ts";
import { type BenchRow, toRow } from "./row.ts";

const VALUE = new Uint8Array(1000).fill(97);

/** The benchmark. */
export const bench: Bench = { name: "store", summary: "durable writes per second on SQLite", run };

async function run(context: BenchContext): Promise<readonly BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "coracle-bench-store-"));
  context.cleanUp(() => rmSync(folder, { recursive: true, force: true }));
  const writes = context.smoke ? 50 : 2000;
  const rounds = context.smoke ? 1 : 5;
  let file = 0;
  const nextPath = (): string => join(folder, `${++file}.db`);
  const rows: BenchRow[] = [];
  for (const [inFlight, gate] of [
    [1, 0.4],
    [8, 1],
    [64, 4],
  ] as const) {
    context.progress(`${writes} creates, ${inFlight} in flight`);
    const pairs = await interleave(
      rounds,
      () => storeCreates(nextPath(), writes, inFlight),
      async () => rawInsertsPerSecond(nextPath(), writes, VALUE),
    );
    const row = `creates, ${inFlight} in flight`;
    rows.push(
      toRow({ bench: "store", row, unit: "creates/s", better: "higher", against: RAW_SQLITE, gate, rounds: pairs }),
    );
  }
  return rows;
}

async function storeCreates(path: string, writes: number, inFlight: number): Promise<number> {
  const store = await openSqliteStore({ path });
  try {
    store.subscribe({ prefix: "/" }, { onChanges: () => undefined, onEnd: () => undefined });
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < writes) await store.put(`/bench/${next++}`, VALUE, { expectRevision: NOT_EXISTING });
    };
    const startMs = performance.now();
    await Promise.all(Array.from({ length: inFlight }, lane));
    const perSecond = (writes * 1000) / (performance.now() - startMs);
    const { count } = await store.range({ prefix: "/bench/", limit: 1 });
    if (count !== writes) throw new Error(`Cannot count ${writes} creates: the store has ${count}`);
    return perSecond;
  } finally {
    await store.close();
  }
}
