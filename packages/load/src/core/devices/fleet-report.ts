// A fleet's run in words: a line while it goes on, a table at its end.
import type { SampleSummary } from "../attachments/sample-set.ts";
import type { FleetCounts, FleetResult } from "./fleet-tally.ts";

/** A moment of a run. */
export interface FleetMoment {
  readonly elapsedMs: number;
  /** Since the moment before. */
  readonly sinceMs: number;
  readonly counts: Readonly<FleetCounts>;
  readonly before: Readonly<FleetCounts>;
  readonly established: number;
  readonly devices: number;
}

/** One line: how it stands, and rates since the line before. */
export function progressLine(moment: FleetMoment): string {
  const { elapsedMs, sinceMs, counts, before, established, devices } = moment;
  const perSecond = (now: number, then: number): string => ((now - then) / Math.max(0.001, sinceMs / 1000)).toFixed(0);
  return [
    `${(elapsedMs / 1000).toFixed(0)} s`,
    `${established}/${devices} connected`,
    `${perSecond(counts.answered, before.answered)} requests/s`,
    `${perSecond(counts.handshakes, before.handshakes)} handshakes/s`,
    `${counts.answered} answered`,
    `${counts.retransmissions} retransmitted`,
    `${counts.lost} lost`,
    ...(counts.rebinds > 0 ? [`${counts.rebinds} rebound`] : []),
    ...(counts.handshakesFailed > 0 ? [`${counts.handshakesFailed} handshakes failed`] : []),
  ].join("  ");
}

/** The table at the end. */
export function resultLines(result: FleetResult, durationMs: number): readonly string[] {
  const { counts, request, handshake, codes, failures } = result;
  const seconds = Math.max(0.001, durationMs / 1000);
  const share = counts.requests === 0 ? 0 : (100 * counts.retransmissions) / counts.requests;
  return [
    `requests    ${counts.requests}, ${counts.answered} answered (${(counts.answered / seconds).toFixed(0)}/s), ${counts.lost} lost, ${counts.retransmissions} retransmitted (${share.toFixed(2)} %), ${counts.late} late`,
    `  latency   ${latencyText(request)}`,
    `  codes     ${countsText(codes)}`,
    `handshakes  ${counts.handshakes} (${(counts.handshakes / seconds).toFixed(0)}/s), ${counts.resumed} resumed, ${counts.handshakesFailed} failed${counts.handshakesFailed > 0 ? `: ${countsText(failures)}` : ""}`,
    `  latency   ${latencyText(handshake)}`,
    `devices     ${counts.rebinds} times another address, ${counts.sessionsClosed} sessions ended by the server`,
  ];
}

function latencyText(summary: SampleSummary | undefined): string {
  if (summary === undefined) return "none";
  const ms = (seconds: number): string => `${(seconds * 1000).toFixed(2)} ms`;
  return `p50 ${ms(summary.p50)}, p95 ${ms(summary.p95)}, p99 ${ms(summary.p99)}, most ${ms(summary.max)}`;
}

function countsText(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts);
  return entries.length === 0 ? "none" : entries.map(([name, value]) => `${name} ${value}`).join(", ");
}
