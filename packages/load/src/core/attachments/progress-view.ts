// The live view of a run: a few lines that are drawn over and over on a terminal, one line elsewhere.
import { picture, secondsText } from "./histogram-picture.ts";
import type { RunTally } from "./run-tally.ts";

/** What the view shows. */
export interface ProgressState {
  readonly tally: RunTally;
  readonly elapsedMs: number;
  readonly population: number;
  /** Operations of the whole schedule. */
  readonly operations: number;
  /** Calls per second in the last seconds, the latest last. */
  readonly recentRates: readonly number[];
}

const BAR_WIDTH = 30;

/** The lines for a terminal of this width. */
export function progressLines(state: ProgressState, columns: number): readonly string[] {
  const { counts } = state.tally;
  const share = shareDone(state);
  const filled = Math.round(share * BAR_WIDTH);
  const rate = state.recentRates.at(-1) ?? 0;
  const lines = [
    `${state.tally.phase.padEnd(11)} ${"█".repeat(filled)}${"░".repeat(BAR_WIDTH - filled)} ${Math.floor(share * 100)} %  ${secondsText(state.elapsedMs / 1000)}`,
    `calls       ${picture(state.recentRates).padStart(BAR_WIDTH)} ${rate}/s`,
    `attachments ${state.population} now, ${counts.created} created, ${counts.addressed} addressed, ${counts.ready} ready, ${counts.deleted} deleted`,
    latencyLine(state.tally),
    troubleLine(state.tally),
  ];
  // Every character here is one code unit.
  return lines.map((line) => line.slice(0, columns));
}

/** The same in one line, for a log. */
export function progressLine(state: ProgressState): string {
  const { counts, phase } = state.tally;
  const ready = state.tally.summary("createToReady");
  const latency =
    ready === undefined ? "" : `, create → ready p50 ${secondsText(ready.p50)} p99 ${secondsText(ready.p99)}`;
  return `${secondsText(state.elapsedMs / 1000)} ${phase}: ${counts.created} created, ${counts.ready} ready, ${counts.deleted} deleted${latency}; ${troubleLine(state.tally)}`;
}

function shareDone({ tally, operations }: ProgressState): number {
  const { created, createsFailed, deleted } = tally.counts;
  return operations === 0 ? 0 : Math.min(1, (created + createsFailed + deleted) / operations);
}

function latencyLine(tally: RunTally): string {
  const ready = tally.summary("createToReady");
  if (ready === undefined) return "ready       nothing yet";
  const { p50, p99, histogram } = ready;
  return `ready       ${picture(histogram)}  p50 ${secondsText(p50)}  p99 ${secondsText(p99)}  (1 ms, 2, 4, …)`;
}

function troubleLine(tally: RunTally): string {
  const found = Object.entries(tally.findings).filter(([, count]) => count > 0);
  const { lateOperations, createsFailed } = tally.counts;
  const failed = createsFailed === 0 ? "" : `, ${createsFailed} creates failed`;
  const troubles = found.map(([kind, count]) => `${count} ${kind}`).join(", ");
  return `trouble     ${troubles === "" ? "none" : troubles}${failed}; ${lateOperations} operations late`;
}
