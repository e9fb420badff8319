// The row about decoding: events a second from bytes to objects.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BenchContext, interleave } from "../bench.ts";
import { bundleForNode, referenceNode } from "../node-program.ts";
import { type BenchRow, toRow } from "../row.ts";
import { chunksOf, eventsPerSecond } from "./decode-rate.ts";
import { benchProjection, decodeEvents } from "./our-decode.ts";
import type { RecordedWatch } from "./recorded-events.ts";

const AGAINST = "Watch of @kubernetes/client-node on Node";

/** Decodes `recorded` with ours and with client-node's Watch. `folder` is for the recording. */
export async function decodeRows(
  context: BenchContext,
  recorded: RecordedWatch,
  folder: string,
): Promise<readonly BenchRow[]> {
  const rounds = context.smoke ? 1 : 5;
  const runs = context.smoke ? 3 : 10;
  const path = join(folder, "recorded-watch");
  writeFileSync(path, recorded.bytes);
  const node = await referenceNode();
  const program = bundleForNode(join(import.meta.dirname, "client-node-decode.ts"), folder);
  const chunks = chunksOf(recorded.bytes);
  const projection = benchProjection();
  context.progress(
    `decoding ${recorded.events} events of ${Math.round(recorded.bytes.length / recorded.events)} bytes`,
  );
  const pairs = await interleave(
    rounds,
    () => eventsPerSecond(recorded.events, runs, async () => decodeEvents(chunks, projection)),
    async () => {
      const run = spawnSync(node, [program, path, String(recorded.events), String(runs)], { encoding: "utf8" });
      const rate = Number(run.stdout);
      if (run.status !== 0 || !(rate > 0)) throw new Error(`Cannot time client-node: ${run.stderr}`);
      return rate;
    },
  );
  const row = "decoding, 7 fields";
  return [toRow({ bench: "watch", row, unit: "events/s", better: "higher", against: AGAINST, gate: 3, rounds: pairs })];
}
