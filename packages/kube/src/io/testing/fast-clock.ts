// A clock that runs some times faster than the system's, with timers to match: minutes of waiting pass in a second of testing.
import type { Clock, Millis } from "@coracle/base";
import { startTimer, systemClock, type Timer } from "@coracle/runtime";

/** Monotonic time runs `factor` times too fast; the wall clock only moves when it is made to jump. */
export class FastClock implements Clock {
  readonly #factor: number;
  #wallMs: number = Date.parse("2030-01-01T00:00:00Z");

  constructor(factor: number) {
    this.#factor = factor;
  }

  now(): Millis {
    return (systemClock.now() * this.#factor) as Millis;
  }

  wallMs(): number {
    return this.#wallMs;
  }

  jumpWall(durationMs: number): void {
    this.#wallMs += durationMs;
  }

  readonly startTimer = (delayMs: number, fire: () => void): Timer => startTimer(delayMs / this.#factor, fire);
}
