// Long work of a worker cut into short steps, one between two batches.
import { assert } from "@coracle/base";

/** Chores that wait; whoever asks has one under way at a time. */
export const CHORES_MAX = 16;

/** Does one chore after the other. */
export class Chores {
  readonly #chores: Iterator<unknown>[] = [];

  /** Adds a chore; each step of it is short. */
  add(chore: Iterator<unknown>): void {
    assert(this.#chores.length < CHORES_MAX, `Cannot add a chore: ${this.#chores.length} wait`);
    this.#chores.push(chore);
  }

  /** Does a step; true if there is more to do. */
  step(): boolean {
    const [first] = this.#chores;
    if (first === undefined) return false;
    if (first.next().done === true) this.#chores.shift();
    return this.#chores.length > 0;
  }
}
