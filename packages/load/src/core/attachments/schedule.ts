// When operations are due: fixed before the run, so that a slow system is measured late and not loaded less.
import type { Random } from "@coracle/base";

/** How operations lie in time. */
export type OperationDistribution = "steady" | "poisson";

/** What a schedule is made from. */
export interface ScheduleOptions {
  readonly count: number;
  /** Creations and deletions together, over all lanes. */
  readonly ratePerSecond: number;
  readonly distribution: OperationDistribution;
  readonly random: Random;
}

/** A gap between two operations is cut at this many mean gaps. */
export const GAP_MEANS_MAX = 1000;

/** Milliseconds from the start of the run to each operation, rising. Steady: equal gaps; poisson: exponential ones. */
export function operationTimesMs(options: ScheduleOptions): Float64Array {
  const { count, ratePerSecond, distribution, random } = options;
  const meanMs = 1000 / ratePerSecond;
  const times = new Float64Array(count);
  let atMs = 0;
  for (let index = 0; index < count; index++) {
    times[index] = distribution === "steady" ? index * meanMs : atMs;
    if (distribution === "poisson") atMs += Math.min(GAP_MEANS_MAX, -Math.log(1 - random.next())) * meanMs;
  }
  return times;
}

/**
 * Which entry of the schedule each lane's operations have: round by round in the order of the lanes, leaving out lanes that
 * have none left. With equal counts operation k of lane t has entry k · lanes + t.
 */
export function dealEntries(counts: readonly number[]): readonly Uint32Array[] {
  const entries = counts.map((count) => new Uint32Array(count));
  const rounds = counts.reduce((most, count) => Math.max(most, count), 0);
  let entry = 0;
  for (let round = 0; round < rounds; round++) {
    for (const [lane, count] of counts.entries()) {
      const own = entries[lane];
      if (round < count && own !== undefined) own[round] = entry++;
    }
  }
  return entries;
}
