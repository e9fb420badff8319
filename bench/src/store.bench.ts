// Durable writes of the SQLite store beside single-row transactions of raw SQLite on the same disk.
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqlite } from "@coracle/runtime";
import { NOT_EXISTING } from "@coracle/store";
import { openSqliteStore } from "@coracle/store/io";
import { type Bench, type BenchContext, interleave } from "./bench.ts";
import { type BenchRow, toRow } from "./row.ts";

const VALUE = new Uint8Array(1000).fill(97);
const AGAINST = "raw SQLite, one row per transaction, synchronous=FULL";

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
      async () => rawInserts(nextPath(), writes),
    );
    const row = `creates, ${inFlight} in flight`;
    rows.push(
      toRow({ bench: "store", row, unit: "creates/s", better: "higher", against: AGAINST, gate, rounds: pairs }),
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

function rawInserts(path: string, writes: number): number {
  const database = openSqlite(path);
  try {
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    database.exec("CREATE TABLE rows (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, value BLOB NOT NULL)");
    const insert = database.prepare("INSERT INTO rows (name, value) VALUES (?, ?)");
    const startMs = performance.now();
    for (let index = 0; index < writes; index++) insert.run(`/bench/${index}`, VALUE);
    return (writes * 1000) / (performance.now() - startMs);
  } finally {
    database.close();
  }
}
