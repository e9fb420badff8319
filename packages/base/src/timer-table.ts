// All deadlines of one machine in one small table, so that "next timeout" is a minimum over a few entries.
import type { Millis } from "./brand.ts";

/** Named one-shot deadlines. The set of names is fixed by the type, which bounds the table. */
export class TimerTable<Name extends string> {
  readonly #deadlines: Map<Name, Millis> = new Map();

  /** Arms or re-arms `name`. */
  set(name: Name, deadline: Millis): void {
    this.#deadlines.set(name, deadline);
  }

  /** Disarms `name`; nothing happens if it is not armed. */
  clear(name: Name): void {
    this.#deadlines.delete(name);
  }

  /** When `name` is due, if armed. */
  get(name: Name): Millis | undefined {
    return this.#deadlines.get(name);
  }

  /** The earliest deadline of all. */
  next(): Millis | undefined {
    let earliest: Millis | undefined;
    for (const deadline of this.#deadlines.values()) {
      if (earliest === undefined || deadline < earliest) earliest = deadline;
    }
    return earliest;
  }

  /** Takes out one timer that is due at `now`, the earliest first; `undefined` when none is. */
  expire(now: Millis): Name | undefined {
    let due: Name | undefined;
    let dueAt = Number.POSITIVE_INFINITY;
    for (const [name, deadline] of this.#deadlines) {
      if (deadline <= now && deadline < dueAt) {
        due = name;
        dueAt = deadline;
      }
    }
    if (due !== undefined) this.#deadlines.delete(due);
    return due;
  }
}
