// Samples of one latency: exact quantiles up to a cap, a uniform choice of the samples beyond it.
import { type Random, randomInteger } from "@coracle/base";

/** Samples that are kept of one latency. */
export const SAMPLES_MAX = 100_000;

/** The numbers of a latency, in seconds. */
export interface SampleSummary {
  readonly count: number;
  readonly min: number;
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  /** What had the maximum. */
  readonly maxName: string;
  /** Counts between powers of two of a millisecond: up to 1 ms, 2 ms, 4 ms, … */
  readonly histogram: readonly number[];
}

const BINS_MAX = 24;

/** Collects samples. */
export class SampleSet {
  readonly #values: number[] = [];
  readonly #random: Random;
  #count = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #maxName = "";
  readonly #bins: number[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  get count(): number {
    return this.#count;
  }

  /** Takes a sample of `name` in. */
  add(seconds: number, name: string): void {
    this.#count += 1;
    this.#sum += seconds;
    this.#min = Math.min(this.#min, seconds);
    if (seconds > this.#max) {
      this.#max = seconds;
      this.#maxName = name;
    }
    const bin = binOf(seconds);
    while (this.#bins.length <= bin) this.#bins.push(0);
    this.#bins[bin] = (this.#bins[bin] ?? 0) + 1;
    if (this.#values.length < SAMPLES_MAX) this.#values.push(seconds);
    else {
      const place = randomInteger(this.#random, 0, this.#count - 1);
      if (place < SAMPLES_MAX) this.#values[place] = seconds;
    }
  }

  /** The numbers so far; `undefined` without a sample. */
  summary(): SampleSummary | undefined {
    if (this.#count === 0) return undefined;
    const sorted = Float64Array.from(this.#values).sort();
    const at = (share: number): number => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
    return {
      count: this.#count,
      min: this.#min,
      mean: this.#sum / this.#count,
      p50: at(0.5),
      p95: at(0.95),
      p99: at(0.99),
      max: this.#max,
      maxName: this.#maxName,
      histogram: [...this.#bins],
    };
  }
}

/** Which bin of the histogram a sample is in. */
export function binOf(seconds: number): number {
  const ms = seconds * 1000;
  return ms <= 1 ? 0 : Math.min(BINS_MAX - 1, Math.ceil(Math.log2(ms)));
}
