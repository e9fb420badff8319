// Exponential backoff with jitter and a slow reset, as client-go's reflector does it (tools/cache/reflector.go).
import type { Millis } from "./brand.ts";
import type { Random } from "./random.ts";

/** Settings of a {@link Backoff}. */
export interface BackoffOptions {
  /** First wait before jitter. */
  readonly initialMs: number;
  /** Largest wait before jitter. */
  readonly capMs: number;
  /** Growth per step. */
  readonly factor: number;
  /** The wait is uniform in [d, d·(1+jitter)). */
  readonly jitter: number;
  /** After this long without a step the next one starts at `initialMs` again. */
  readonly resetMs: number;
}

/** client-go's reflector numbers: 0.8 s to 30 s, doubling, jitter 1, reset after 2 minutes. */
export const REFLECTOR_BACKOFF: BackoffOptions = {
  initialMs: 800,
  capMs: 30_000,
  factor: 2,
  jitter: 1,
  resetMs: 120_000,
};

/** Computes successive waits. Holds two numbers; asks for no timer. */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: Random;
  #delayMs: number;
  #lastStep: Millis | undefined;

  constructor(options: BackoffOptions, random: Random) {
    this.#options = options;
    this.#random = random;
    this.#delayMs = options.initialMs;
  }

  /** The next wait in milliseconds, jitter included. */
  step(now: Millis): number {
    const { initialMs, capMs, factor, jitter, resetMs } = this.#options;
    if (this.#lastStep !== undefined && now - this.#lastStep > resetMs) this.#delayMs = initialMs;
    this.#lastStep = now;
    const baseMs = Math.min(this.#delayMs, capMs);
    this.#delayMs = Math.min(this.#delayMs * factor, capMs);
    return baseMs * (1 + this.#random.next() * jitter);
  }

  /** Starts over at the first wait. */
  reset(): void {
    this.#delayMs = this.#options.initialMs;
    this.#lastStep = undefined;
  }
}
