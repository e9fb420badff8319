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
  /** Request to answer since the moment before; absent without an answer. */
  readonly recent: SampleSummary | undefined;
}

/** One line: how it stands, and rates since the line before. */
export function progressLine(moment: FleetMoment): string {
  const { elapsedMs, sinceMs, counts, before, established, devices, recent } = moment;
  const perSecond = (now: number, then: number): string => ((now - then) / Math.max(0.001, sinceMs / 1000)).toFixed(0);
  return [
    `${(elapsedMs / 1000).toFixed(0)} s`,
    `${established}/${devices} connected`,
    `${perSecond(counts.answered, before.answered)} requests/s`,
    `${perSecond(counts.handshakes, before.handshakes)} handshakes/s`,
    ...(recent === undefined ? [] : [`p50 ${milliseconds(recent.p50)} p99 ${milliseconds(recent.p99)}`]),
    `${counts.answered} answered`,
    `${counts.retransmissions} retransmitted`,
    `${counts.lost} lost`,
    ...(counts.rebinds > 0 ? [`${counts.rebinds} rebound`] : []),
    ...(counts.handshakesFailed > 0 ? [`${counts.handshakesFailed} handshakes failed`] : []),
  ].join("  ");
}

/** The table at the end. */
export function resultLines(result: FleetResult, durationMs: number): readonly string[] {
  const { counts, request, handshake, codes, failures, nodes } = result;
  const seconds = Math.max(0.001, durationMs / 1000);
  const share = counts.requests === 0 ? 0 : (100 * counts.retransmissions) / counts.requests;
  return [
    `requests    ${counts.requests}, ${counts.answered} answered (${(counts.answered / seconds).toFixed(0)}/s), ${counts.lost} lost, ${counts.retransmissions} retransmitted (${share.toFixed(2)} %), ${counts.late} late`,
    `  latency   ${latencyText(request)}`,
    `  codes     ${countsText(codes)}`,
    `handshakes  ${counts.handshakes} (${(counts.handshakes / seconds).toFixed(0)}/s), ${counts.resumed} resumed, ${counts.handshakesFailed} failed${counts.handshakesFailed > 0 ? `: ${countsText(failures)}` : ""}`,
    `  latency   ${latencyText(handshake)}`,
    `devices     ${counts.rebinds} times another address, ${counts.sessionsClosed} sessions ended by the server`,
    ...nodeLines(nodes),
  ];
}

/** Only where there is more than one node. */
function nodeLines(nodes: FleetResult["nodes"]): readonly string[] {
  const entries = Object.entries(nodes);
  if (entries.length < 2) return [];
  return entries.map(
    ([node, { handshakes, answered, lost, retransmissions }]) =>
      `  ${`node ${node}`.padEnd(9)} ${answered} answered, ${lost} lost, ${retransmissions} retransmitted, ${handshakes} handshakes`,
  );
}

function latencyText(summary: SampleSummary | undefined): string {
  if (summary === undefined) return "none";
  const { p50, p95, p99, max } = summary;
  return `p50 ${milliseconds(p50)}, p95 ${milliseconds(p95)}, p99 ${milliseconds(p99)}, most ${milliseconds(max)}`;
}

function milliseconds(seconds: number): string {
  return `${(seconds * 1000).toFixed(2)} ms`;
}

function countsText(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts);
  return entries.length === 0 ? "none" : entries.map(([name, value]) => `${name} ${value}`).join(", ");
}

/** Why a run had no answer at all, as far as a client can know. */
export function nothingText(target: string, { counts, failures }: Pick<FleetResult, "counts" | "failures">): string {
  if (counts.handshakes > 0) return `nothing was answered: ${target} made sessions, and no request had an answer`;
  const [cause = "timeout"] = Object.keys(failures).toSorted((a, b) => (failures[b] ?? 0) - (failures[a] ?? 0));
  if (cause === "timeout") return `no session was made: ${target} is silent, as nobody is there or it refuses silently`;
  return `no session was made: ${target} ended handshakes, most with ${cause}`;
}
