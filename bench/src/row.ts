// What a benchmark reports: our figure beside a reference's from the same run, and whether the ratio is good enough.

/** One line of the result table. */
export interface BenchRow {
  readonly bench: string;
  readonly row: string;
  /** Our figure in `unit`. */
  readonly ours: number;
  /** The reference's figure in `unit`; absent where there is nothing to compare with. */
  readonly reference?: number;
  /** What the reference is: a program, a library, a limit. */
  readonly against?: string;
  readonly unit: string;
  /** How many times better ours is: above 1 is better whichever direction the unit has. */
  readonly ratio?: number;
  /** Smallest ratio that passes; rows without a gate inform only. */
  readonly gate?: number;
  readonly pass: boolean;
  /** Relative spread of the ratio over the pairs: (max − min) / median. */
  readonly spread?: number;
}

/** Which direction of a unit is better. */
export type Better = "higher" | "lower";

/** Figures to make a {@link BenchRow} from. */
export interface Measured {
  readonly bench: string;
  readonly row: string;
  readonly unit: string;
  readonly better: Better;
  readonly against?: string;
  readonly gate?: number;
  /** One `[ours, reference]` per interleaved round; the reference is absent where there is none. */
  readonly rounds: readonly (readonly [ours: number, reference?: number])[];
}

/** The row of the median round: the ratio is the median of the rounds' ratios, so drift of the machine cancels. */
export function toRow(measured: Measured): BenchRow {
  const { bench, row, unit, better, against, gate, rounds } = measured;
  if (rounds.length === 0) throw new RangeError(`Cannot report ${bench} ${row}: no round was measured`);
  const ours = median(rounds.map(([figure]) => figure));
  const references = rounds.flatMap(([, reference]) => (reference === undefined ? [] : [reference]));
  const base = { bench, row, unit, ours, ...(against === undefined ? {} : { against }) };
  if (references.length === 0) return { ...base, pass: true };
  const ratios = rounds.flatMap(([figure, reference]) => {
    if (reference === undefined) return [];
    return [better === "higher" ? figure / reference : reference / figure];
  });
  const ratio = median(ratios);
  const spread = (Math.max(...ratios) - Math.min(...ratios)) / ratio;
  const pass = gate === undefined || ratio >= gate;
  return { ...base, reference: median(references), ratio, spread, pass, ...(gate === undefined ? {} : { gate }) };
}

/** The middle value; the mean of the two middle ones for an even count. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
