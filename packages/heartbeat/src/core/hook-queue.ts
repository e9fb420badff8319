// Changes that wait for the program of `--on-change`: in order, one at a time; the oldest make room, and are counted.
import { Ring } from "@coracle/base";
import type { NodeChange } from "./node-change.ts";

/** What to run next, and how many changes before it were left out. */
export interface HookJob {
  readonly change: NodeChange;
  readonly missed: number;
}

/** Every job sees all nodes, so what is left out is only the way there. */
export class HookQueue {
  readonly #waiting: Ring<NodeChange>;
  #missed = 0;
  #missedInAll = 0;
  #isRunning = false;

  constructor(options: { readonly waitingMax: number }) {
    this.#waiting = new Ring(options.waitingMax);
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Changes that no program was told. */
  get missed(): number {
    return this.#missedInAll;
  }

  /** Lets a change wait; answers what to start now, if anything. */
  push(change: NodeChange): HookJob | undefined {
    if (this.#waiting.full) {
      this.#waiting.shift();
      this.#missed++;
      this.#missedInAll++;
    }
    this.#waiting.push(change);
    return this.#next();
  }

  /** The program has ended; answers what to start next. */
  ended(): HookJob | undefined {
    this.#isRunning = false;
    return this.#next();
  }

  #next(): HookJob | undefined {
    if (this.#isRunning) return undefined;
    const change = this.#waiting.shift();
    if (change === undefined) return undefined;
    this.#isRunning = true;
    const missed = this.#missed;
    this.#missed = 0;
    return { change, missed };
  }
}
