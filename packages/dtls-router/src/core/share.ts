// Limits are the process's: each worker gets its part of them.

/** The part of worker number `worker` out of `workers`, so that all parts add up to `total`. */
export function shareOf(total: number, worker: number, workers: number): number {
  return Math.floor(total / workers) + (worker < total % workers ? 1 : 0);
}
