// How many workers a node has: as many as are asked for or fit the machine, but none whose part of a limit would be too small.

/** Workers beyond this cost more memory than they bring, unless they are asked for. */
const WORKERS_DEFAULT_MAX = 16;

/**
 * A worker's least part of what devices hold for long. Hashing spreads them unevenly: of as many devices as a limit allows some four
 * in a hundred find their worker full when parts are of a hundred, and one in three when they are of one.
 */
export const HELD_PART_MIN = 100;
/** A worker's least part of what devices need for a moment: who is refused asks again. */
export const PASSING_PART_MIN = 10;

/** A limit that workers share. */
export interface SharedLimit {
  /** As a person gives it, such as `--sessions-max`. */
  readonly flag: string;
  readonly total: number;
  /** The least part that a worker can do with. */
  readonly partMin: number;
}

/** What the number of workers follows from. */
export interface WorkerCountFacts {
  /** `--workers`, if it was given. */
  readonly asked: number | undefined;
  readonly cores: number;
  /** Why there can be only one, if that is so. */
  readonly oneBecause: string | undefined;
  readonly limits: readonly SharedLimit[];
}

/** How many workers, and why not as many as were asked for. */
export interface WorkerCount {
  readonly count: number;
  readonly reason: string | undefined;
}

/**
 * By default one core is left to the kernel's receiving, the main thread and the runtime's helpers: a worker on it too takes
 * smaller batches for more system calls. Limits are what an operator means to hold; how many threads serve them is how, so
 * a small limit lowers the number of workers and not the other way round.
 */
export function workerCount({ asked, cores, oneBecause, limits }: WorkerCountFacts): WorkerCount {
  const wanted = asked ?? Math.min(Math.max(1, cores - 1), WORKERS_DEFAULT_MAX);
  if (oneBecause !== undefined && wanted > 1) return { count: 1, reason: oneBecause };
  let count = wanted;
  let reason: string | undefined;
  for (const { flag, total, partMin } of limits) {
    const most = Math.max(1, Math.floor(total / partMin));
    if (most >= count) continue;
    count = most;
    reason = `each needs a part of ${flag} of at least ${partMin}, and that is ${total}`;
  }
  return { count, reason };
}
