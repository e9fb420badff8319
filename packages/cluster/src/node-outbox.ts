// What the node table has decided and the driver has not fetched yet. Bounded: pings may be dropped, news may not.
import { assert } from "@coracle/base";
import type { NodeTableOutput } from "./node-table-io.ts";

/** Pings and pongs kept; more are dropped, as the network might. */
export const SENDS_QUEUED_MAX = 2048;
/** Outputs kept at all: a driver that does not fetch them is broken. */
const OUTPUTS_QUEUED_MAX = 65_536;

/** A first-in first-out queue of outputs. */
export class NodeOutbox {
  #queue: NodeTableOutput[] = [];
  #next = 0;
  #sends = 0;

  /** Appends; false if it was a message and too many are waiting. */
  push(output: NodeTableOutput): boolean {
    if (output.kind === "send") {
      if (this.#sends === SENDS_QUEUED_MAX) return false;
      this.#sends++;
    }
    assert(this.#queue.length < OUTPUTS_QUEUED_MAX, `Cannot queue outputs nobody polls: ${this.#queue.length} wait`);
    this.#queue.push(output);
    return true;
  }

  /** Takes the oldest. */
  shift(): NodeTableOutput | undefined {
    const output = this.#queue[this.#next];
    if (output === undefined) {
      this.#queue = [];
      this.#next = 0;
      return undefined;
    }
    this.#next++;
    if (output.kind === "send") this.#sends--;
    return output;
  }
}
