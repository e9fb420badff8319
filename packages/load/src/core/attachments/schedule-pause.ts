// Time that the whole schedule stands still, while lanes wait for a first tested peer.
import type { Millis } from "@coracle/base";

/** Adds up the time in which at least one lane waits: lanes that wait at one time hold the schedule up once. */
export class SchedulePause {
  #waiting = 0;
  #since: Millis | undefined;
  #totalMs = 0;

  /** How far the schedule is shifted. */
  get totalMs(): number {
    return this.#totalMs;
  }

  /** A lane begins to wait. */
  begin(now: Millis): void {
    this.#waiting += 1;
    this.#since ??= now;
  }

  /** A lane waits no longer. */
  end(now: Millis): void {
    this.#waiting -= 1;
    if (this.#waiting > 0 || this.#since === undefined) return;
    this.#totalMs += now - this.#since;
    this.#since = undefined;
  }
}
