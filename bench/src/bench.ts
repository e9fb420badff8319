// What a file `*.bench.ts` exports, and what it is given.
import type { BenchRow } from "./row.ts";

/** How a benchmark runs and tells. */
export interface BenchContext {
  /** Small inputs and one round: proves that the benchmark still works. Gates do not count. */
  readonly smoke: boolean;
  /** Says on the terminal what is being done. */
  readonly progress: (text: string) => void;
  /** Called for everything that must go when the run ends, in reverse order, also after a failure. */
  readonly cleanUp: (action: () => void | Promise<void>) => void;
}

/** A benchmark of one hot path. Each file `*.bench.ts` exports one as `bench`. */
export interface Bench {
  readonly name: string;
  readonly summary: string;
  /** Measures and answers its rows; throws {@link CannotRun} where the machine lacks what it needs. */
  readonly run: (context: BenchContext) => Promise<readonly BenchRow[]>;
}

/** The machine lacks something that the benchmark needs; `remedy` says what to do. */
export class CannotRun extends Error {
  override readonly name = "CannotRun";
  readonly code = "CANNOT_RUN" as const;
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

/**
 * Runs ours and the reference in turn, `rounds` times, swapping who goes first, and gives the figures pair by pair.
 * One round in smoke mode.
 */
export async function interleave(
  rounds: number,
  ours: () => Promise<number>,
  reference: () => Promise<number>,
): Promise<(readonly [number, number])[]> {
  const pairs: (readonly [number, number])[] = [];
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) {
      const figure = await ours();
      pairs.push([figure, await reference()]);
    } else {
      const figure = await reference();
      pairs.push([await ours(), figure]);
    }
  }
  return pairs;
}
