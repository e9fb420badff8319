// The real clock, and timers: the only places in the repository where time comes from outside.
import type { Clock, Millis } from "@coracle/base";

/** The longest delay a runtime's timer takes; above it `setTimeout` would fire at once. */
const DELAY_MS_MAX = 0x7fff_ffff;

/** The system's monotonic and wall clocks. */
export const systemClock: Clock = {
  now: (): Millis => performance.now() as Millis,
  wallMs: (): number => Date.now(),
};

/** A timer that was started. */
export interface Timer {
  /** Stops it; does nothing if it already fired. */
  cancel(): void;
}

/** What a timer does besides firing. */
export interface TimerOptions {
  /** False lets the process end while the timer waits. Default true. */
  readonly keepsProcessAlive?: boolean;
}

/** Calls `fire` once after `delayMs` (clamped to 0 … 24.8 days). */
export function startTimer(delayMs: number, fire: () => void, options?: TimerOptions): Timer {
  const handle = setTimeout(fire, clampDelay(delayMs));
  if (options?.keepsProcessAlive === false) letProcessEnd(handle);
  return { cancel: () => clearTimeout(handle) };
}

/** Calls `fire` every `periodMs` (at least 1 ms) until cancelled. */
export function startInterval(periodMs: number, fire: () => void, options?: TimerOptions): Timer {
  const handle = setInterval(fire, Math.max(1, clampDelay(periodMs)));
  if (options?.keepsProcessAlive === false) letProcessEnd(handle);
  return { cancel: () => clearInterval(handle) };
}

/** Resolves after `durationMs`; rejects with the signal's reason as soon as it aborts. */
export function sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const abort = (): void => {
      timer.cancel();
      reject(signal?.reason as Error);
    };
    const timer = startTimer(durationMs, () => {
      signal?.removeEventListener("abort", abort);
      resolve();
    });
    signal?.addEventListener("abort", abort, { once: true });
  });
}

function clampDelay(delayMs: number): number {
  return Math.min(Math.max(0, delayMs), DELAY_MS_MAX);
}

function letProcessEnd(handle: { unref?: () => unknown }): void {
  handle.unref?.();
}
