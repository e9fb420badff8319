// Outputs waiting to be polled. One input makes a bounded number of them, so a driver that drains keeps this small.
import { assert } from "@coracle/base";
import type { DtlsOutput } from "./outputs.ts";

/** More than any one input can make; reaching it means the driver does not drain. */
const OUTPUTS_MAX = 65_536;

/** First in, first out, without moving what waits. */
export class OutputQueue {
  #items: DtlsOutput[] = [];
  #head = 0;

  push(output: DtlsOutput): void {
    assert(this.#items.length < OUTPUTS_MAX, `Cannot queue an output: ${this.#items.length} were not polled`);
    this.#items.push(output);
  }

  shift(): DtlsOutput | undefined {
    const output = this.#items[this.#head];
    if (output === undefined) return undefined;
    this.#head++;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    }
    return output;
  }
}
