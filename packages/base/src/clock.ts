// Time as a parameter: pure code is given a clock or a `now`, it never reads one of its own.
import type { Millis } from "./brand.ts";

/** Where time comes from. `runtime` has the real one, `sim` a virtual one. */
export interface Clock {
  /** Monotonic milliseconds with sub-millisecond fraction; never jumps with the wall clock. */
  now(): Millis;
  /** Wall clock: milliseconds since 1970-01-01T00:00Z. May jump either way. */
  wallMs(): number;
}

/** A virtual clock that moves only when told. */
export class ManualClock implements Clock {
  #nowMs: number;
  #wallOffsetMs: number;

  constructor(options: { nowMs?: number; wallMs?: number } = {}) {
    this.#nowMs = options.nowMs ?? 0;
    this.#wallOffsetMs = (options.wallMs ?? 0) - this.#nowMs;
  }

  now(): Millis {
    return this.#nowMs as Millis;
  }

  wallMs(): number {
    return this.#nowMs + this.#wallOffsetMs;
  }

  /** Moves both clocks forward by `durationMs`. */
  advance(durationMs: number): void {
    this.#nowMs += Math.max(0, durationMs);
  }

  /** Moves the wall clock alone, as an operator or NTP would. */
  jumpWall(durationMs: number): void {
    this.#wallOffsetMs += durationMs;
  }
}
