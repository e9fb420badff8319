// Shows a run while it goes on: a few lines drawn over and over on a terminal, a line now and then elsewhere.
import type { Clock } from "@coracle/base";
import { type OutputWriter, startInterval, type Timer } from "@coracle/runtime";
import { progressLine, progressLines, type ProgressState } from "../../core/attachments/progress-view.ts";
import type { RunTally } from "../../core/attachments/run-tally.ts";

/** What is shown, and where. */
export interface ProgressOptions {
  readonly writer: OutputWriter;
  readonly clock: Clock;
  readonly tally: RunTally;
  readonly population: () => number;
  readonly operations: number;
}

const DRAW_MS = 250;
const LINE_MS = 10_000;
const RATE_SECONDS = 30;
const COLUMNS = 80;
/** Waiting output: frames are left out while the terminal is slow. */
const PENDING_BYTES_MAX = 64 * 1024;

/** The display of one run. */
export class ProgressDisplay {
  readonly #options: ProgressOptions;
  readonly #startedAt: number;
  readonly #rates: number[] = [];
  readonly #timer: Timer;
  #calls = 0;
  #secondBegan: number;
  #drawn = 0;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
    this.#secondBegan = this.#startedAt;
    const { isTerminal } = options.writer;
    this.#timer = startInterval(isTerminal ? DRAW_MS : LINE_MS, () => this.#show());
  }

  /** Shows the last state and ends. */
  end(): void {
    this.#timer.cancel();
    this.#show();
  }

  #show(): void {
    const { writer, clock, tally, population, operations } = this.#options;
    this.#countRate();
    const state: ProgressState = {
      tally,
      elapsedMs: clock.now() - this.#startedAt,
      population: population(),
      operations,
      recentRates: this.#rates,
    };
    if (writer.pendingBytes() > PENDING_BYTES_MAX) return;
    if (!writer.isTerminal) {
      writer.write(`${progressLine(state)}\n`);
      return;
    }
    const lines = progressLines(state, writer.columns() ?? COLUMNS);
    const up = this.#drawn === 0 ? "" : `\u001b[${this.#drawn}A`;
    writer.write(`${up}${lines.map((line) => `\u001b[2K${line}\n`).join("")}`);
    this.#drawn = lines.length;
  }

  #countRate(): void {
    const { clock, tally } = this.#options;
    const now = clock.now();
    if (now - this.#secondBegan < 1000) return;
    const { created, createsFailed, deleted, deletesFailed } = tally.counts;
    const calls = created + createsFailed + deleted + deletesFailed;
    this.#rates.push(Math.round(((calls - this.#calls) * 1000) / (now - this.#secondBegan)));
    if (this.#rates.length > RATE_SECONDS) this.#rates.shift();
    this.#calls = calls;
    this.#secondBegan = now;
  }
}
