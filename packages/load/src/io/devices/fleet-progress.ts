// A run while it goes on: a line now and then for people, the same numbers as a document for programs.
import type { Clock } from "@coracle/base";
import { type OutputWriter, startInterval, type Timer } from "@coracle/runtime";
import type { SampleSummary } from "../../core/attachments/sample-set.ts";
import type { Fleet } from "../../core/devices/fleet.ts";
import { type FleetMoment, progressLine } from "../../core/devices/fleet-report.ts";
import type { FleetCounts, FleetTally } from "../../core/devices/fleet-tally.ts";

/** What is shown, and where. */
export interface FleetProgressOptions {
  readonly fleet: Fleet;
  readonly tally: FleetTally;
  readonly devices: number;
  readonly writer: OutputWriter;
  readonly clock: Clock;
  readonly everyMs: number;
}

/** Rates and latencies between the two newest lines. */
export interface RecentDocument {
  readonly sinceMs: number;
  readonly requestsPerSecond: number;
  readonly handshakesPerSecond: number;
  /** Request to answer, seconds; null without an answer. */
  readonly request: SampleSummary | null;
}

/** The run as `GET /fleet` answers. */
export interface FleetDocument {
  readonly devices: number;
  readonly connected: number;
  readonly underWay: number;
  readonly elapsedMs: number;
  readonly recent: RecentDocument | null;
  readonly counts: Readonly<FleetCounts>;
  readonly nodes: ReturnType<FleetTally["nodes"]>;
}

/** Waiting output: lines are left out while whoever reads is slow. */
const PENDING_BYTES_MAX = 64 * 1024;

/** Shows one run from its beginning to {@link end}. */
export class FleetProgress {
  readonly #options: FleetProgressOptions;
  readonly #startedAt: number;
  #timer: Timer | undefined;
  #shownAt: number;
  #before: FleetCounts;
  #recent: RecentDocument | null = null;

  constructor(options: FleetProgressOptions) {
    const { clock, tally } = options;
    this.#options = options;
    this.#startedAt = clock.now();
    this.#shownAt = this.#startedAt;
    this.#before = { ...tally.counts };
  }

  get elapsedMs(): number {
    return this.#options.clock.now() - this.#startedAt;
  }

  start(): void {
    this.#timer = startInterval(this.#options.everyMs, () => this.#show());
  }

  end(): void {
    this.#timer?.cancel();
  }

  document(): FleetDocument {
    const { fleet, tally, devices } = this.#options;
    const { established: connected, underWay } = fleet;
    const { elapsedMs } = this;
    return {
      devices,
      connected,
      underWay,
      elapsedMs,
      recent: this.#recent,
      counts: { ...tally.counts },
      nodes: tally.nodes(),
    };
  }

  #show(): void {
    const { fleet, tally, devices, writer, clock } = this.#options;
    const now = clock.now();
    const moment: FleetMoment = {
      elapsedMs: now - this.#startedAt,
      sinceMs: now - this.#shownAt,
      counts: tally.counts,
      before: this.#before,
      established: fleet.established,
      devices,
      recent: tally.takeRecent(),
    };
    this.#recent = recentOf(moment);
    this.#shownAt = now;
    this.#before = { ...tally.counts };
    if (writer.pendingBytes() <= PENDING_BYTES_MAX) writer.write(`${progressLine(moment)}\n`);
  }
}

function recentOf({ sinceMs, counts, before, recent }: FleetMoment): RecentDocument {
  const seconds = Math.max(0.001, sinceMs / 1000);
  return {
    sinceMs,
    requestsPerSecond: (counts.answered - before.answered) / seconds,
    handshakesPerSecond: (counts.handshakes - before.handshakes) / seconds,
    request: recent ?? null,
  };
}
