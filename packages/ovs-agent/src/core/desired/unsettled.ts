// Which owners have no outcome: a mark on each and how many there are, which costs less than a set of them.
import type { Entry } from "./entry.ts";

/** The marked ones. Nobody asks for them one by one. */
export class Unsettled {
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(entry: Entry): void {
    if (entry.isUnsettled) return;
    entry.isUnsettled = true;
    this.#size++;
  }

  delete(entry: Entry): void {
    if (!entry.isUnsettled) return;
    entry.isUnsettled = false;
    this.#size--;
  }
}
