// Counters of programs that may start again from zero, as totals that never fall.

interface Total {
  /** What programs counted that have ended. */
  before: number;
  last: number;
}

/** Totals by name. */
export class CounterTotals {
  readonly #totals = new Map<string, Total>();

  /** Takes in what a counter says now. One that has fallen began anew. */
  take(name: string, value: number): void {
    const total = this.#totals.get(name);
    if (total === undefined) this.#totals.set(name, { before: 0, last: value });
    else {
      if (value < total.last) total.before += total.last;
      total.last = value;
    }
  }

  /** All that was counted so far; 0 for a name never heard of. */
  get(name: string): number {
    const total = this.#totals.get(name);
    return total === undefined ? 0 : total.before + total.last;
  }
}
