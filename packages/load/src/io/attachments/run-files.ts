// What a run leaves: its result as JSON, and a folder with sizes, schedule, metrics and result.
import type { Metrics } from "@coracle/lifecycle";
import { joinPath, makeDirectory, stdout, writeFileAtomic } from "@coracle/runtime";
import type { AttachmentsConfig } from "../../attachments-config.ts";
import type { Lane } from "../../core/attachments/lane.ts";
import { operationAt } from "../../core/attachments/lane-program.ts";
import type { RunResult } from "../../core/attachments/run-tally.ts";
import { sizeDistributionCsv, sizeOutlineCsv } from "../../core/attachments/size-report.ts";
import type { RunPlan } from "./run-plan.ts";

/** Everything about one run. */
export interface RunRecord {
  readonly config: AttachmentsConfig;
  readonly plan: RunPlan;
  readonly nodes: readonly string[];
  readonly lanes: readonly Lane[];
  readonly result: RunResult;
  readonly durationMs: number;
  /** Locks of addresses that were left; absent when the server does not say. */
  readonly locksLeft: number | undefined;
  readonly metrics: Metrics;
}

/** The result as JSON, with what is needed to do the run again. */
export function resultJson(record: RunRecord): string {
  const { config, plan, nodes, result, durationMs, locksLeft } = record;
  const run = {
    runId: plan.runId,
    seed: plan.seed,
    nodes,
    networks: plan.networks.map(({ vni, size, subnets }) => ({ vni, size, subnets: subnets.map(({ cidr }) => cidr) })),
    attachments: config.numAttachments,
    threads: record.lanes.length,
    ratePerSecond: config.rate,
    opsDistribution: config.opsDistribution,
    testFraction: plan.test?.fraction ?? 0,
  };
  return `${JSON.stringify({ run, durationMs, ...result, locksLeft }, undefined, 2)}\n`;
}

/** Writes what `--json` and `--output` ask for. */
export async function writeRunFiles(record: RunRecord): Promise<void> {
  const { json, output, dumpOpsTimes } = record.config;
  const text = resultJson(record);
  if (json === "-") stdout().write(text);
  else if (json !== undefined) await writeFileAtomic(json, text);
  if (output === undefined) return;
  await makeDirectory(output);
  const sizes = record.plan.networks.map(({ size }) => size);
  await writeFileAtomic(joinPath(output, "size-distribution.csv"), sizeDistributionCsv(sizes));
  await writeFileAtomic(joinPath(output, "size-distribution-outline.csv"), sizeOutlineCsv(sizes));
  await writeFileAtomic(joinPath(output, "driver.metrics"), (await record.metrics.expose()).text);
  await writeFileAtomic(joinPath(output, "result.json"), text);
  if (dumpOpsTimes) {
    await writeFileAtomic(joinPath(output, "attachments-ops-times.csv"), operationTimesCsv(record.lanes));
  }
}

function operationTimesCsv(lanes: readonly Lane[]): string {
  const rows = lanes.flatMap((lane, index) =>
    Array.from(lane.dueMs, (atMs, operation) => ({ atMs, lane: index, ...operationAt(lane.program, operation) })),
  );
  rows.sort((a, b) => a.atMs - b.atMs);
  return `seconds,thread,operation\n${rows.map((row) => `${(row.atMs / 1000).toFixed(6)},${row.lane},${row.kind}\n`).join("")}`;
}
