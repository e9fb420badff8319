// One thing at a time, again and again until nothing is left: what comes up meanwhile waits and goes as one batch.
import { sleep } from "@coracle/runtime";

/** What a step says: more may be ready, wait before trying again, or nothing is left for now. */
export type LaneStep = "again" | "pause" | "idle";

/** How long a lane waits after a step that could not be done. */
export const LANE_PAUSE_MS = 500;

/** See the file's head. */
export class Lane {
  readonly #step: () => Promise<LaneStep>;
  readonly #signal: AbortSignal;
  #isRunning = false;

  /** Aborting `signal` ends the lane after the step under way. */
  constructor(step: () => Promise<LaneStep>, signal: AbortSignal) {
    this.#step = step;
    this.#signal = signal;
  }

  /** Starts unless it runs. Never rejects. */
  async run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      for (let said: LaneStep = "again"; said !== "idle" && !this.#signal.aborted;) {
        said = await this.#step();
        if (said === "pause") await sleep(LANE_PAUSE_MS, this.#signal).catch(() => undefined);
      }
    } finally {
      this.#isRunning = false;
    }
  }
}

/** Repeats `attempt` until it works; what it throws goes to `onTrouble`. Rejects only when `signal` aborts. */
export async function persist(
  attempt: () => Promise<void>,
  signal: AbortSignal,
  onTrouble: (thrown: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      return await abandonable(attempt(), signal);
    } catch (thrown) {
      if (signal.aborted) break;
      onTrouble(thrown);
      await sleep(LANE_PAUSE_MS, signal).catch(() => undefined);
    }
  }
  signal.throwIfAborted();
}

function abandonable(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abandon = (): void => reject(new Error("aborted"));
    signal.addEventListener("abort", abandon, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abandon));
  });
}
