// The result of a run as a table for people.
import { picture, secondsText } from "./histogram-picture.ts";
import { type LatencyName, LATENCIES, LATENCY_NAMES } from "./latencies.ts";
import type { RunResult } from "./run-tally.ts";
import type { SampleSummary } from "./sample-set.ts";

const LABELS: Readonly<Record<LatencyName, string>> = {
  create: "create call",
  delete: "delete call",
  createToAddressed: "create → address",
  createToAddressedEasy: "… without contention",
  createToReady: "create → ready",
  createToReadyEasy: "… without contention",
  createToHalfTested: "create → half tested",
  createToTested: "create → tested",
  createToBroken: "create → broken",
  readyToHalfTested: "ready → half tested",
  readyToTested: "ready → tested",
  deleteToGone: "delete → gone",
  serverCreateToAddressed: "create → address",
  serverAddressedToReady: "address → ready",
  serverCreateToReady: "create → ready",
  serverReadyToTested: "ready → tested",
};
const FINDINGS_SHOWN_MAX = 10;
const NAME_WIDTH = 22;

/** Lines of the table, without line breaks. */
export function resultLines(result: RunResult): readonly string[] {
  const { counts, findings, firstFindings, ending } = result;
  const shown = firstFindings.slice(0, FINDINGS_SHOWN_MAX);
  const total = Object.values(findings).reduce((sum, count) => sum + count, 0);
  const contended = counts.contended === 0 ? "" : `, ${counts.contended} after contention`;
  const lines = [
    ...latencyLines("by this client's clock", result, "client"),
    ...latencyLines("by the API server's clock", result, "server"),
    "",
    `created ${counts.created} (${counts.createsFailed} failed), deleted ${counts.deleted} (${counts.deletesFailed} failed attempts)`,
    `addressed ${counts.addressed}${contended}, ready ${counts.ready}, tests passed ${counts.testsPassed}, failed ${counts.testsFailed}${counts.testsMoot === 0 ? "" : `, moot ${counts.testsMoot}`}`,
    `late operations ${counts.lateOperations}, together ${secondsText(counts.lateTotalMs / 1000)}; changes seen after deletion ${counts.lateChanges}`,
  ];
  if (ending !== undefined && ending.left + ending.unconfirmed > 0) {
    lines.push(`attachments left ${ending.left}, ends not seen ${ending.unconfirmed}`);
  }
  if (counts.unready > 0) {
    lines.push(`deleted before they were ready ${counts.unready}: the latencies above are of the others`);
  }
  for (const { kind, message } of shown) lines.push(`${kind}: ${message}`);
  if (total > shown.length) lines.push(`… and ${total - shown.length} more`);
  return [...lines, `verdict: ${result.verdict}`];
}

function latencyLines(title: string, result: RunResult, clock: "client" | "server"): string[] {
  const rows = LATENCY_NAMES.flatMap((name) => {
    const summary = result.latencies[name];
    return summary === undefined || LATENCIES[name].clock !== clock ? [] : [row(LABELS[name], summary)];
  });
  if (rows.length === 0) return [];
  const heading = ["count", "p50", "p95", "p99", "max"].map((text) => text.padStart(10)).join("");
  return ["", `${title.padEnd(NAME_WIDTH + 4)}${heading}  1 ms, 2, 4, …`, ...rows];
}

function row(label: string, summary: SampleSummary): string {
  const { count, p50, p95, p99, max, maxName, histogram } = summary;
  const cells = [String(count), ...[p50, p95, p99, max].map(secondsText)];
  const padded = cells.map((cell) => cell.padStart(10)).join("");
  return `  ${label.padEnd(NAME_WIDTH + 2)}${padded}  ${picture(histogram)}  (${maxName})`;
}
