// Long work of the main thread in steps, so that timers and membership have their turn in between.

/** Work that pauses after each step, and what comes of it. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Does all of it in one go. */
export function allSteps<T>(steps: Steps<T>): T {
  for (let step = steps.next(); ; step = steps.next()) if (step.done === true) return step.value;
}

/** Does it with `pause` after each step. */
export async function stepByStep<T>(steps: Steps<T>, pause: () => Promise<void>): Promise<T> {
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return step.value;
    await pause();
  }
}
