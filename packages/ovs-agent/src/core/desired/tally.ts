// How many interfaces and flows are installed.
import type { NetworkInterface } from "../interface.ts";
import { flowCount } from "./flow-batch.ts";

/** Counts as interfaces come and go. */
export class Tally {
  /** Interfaces on this host. */
  local = 0;
  /** Interfaces on other hosts. */
  remote = 0;
  /** Flows of both. */
  flows = 0;

  /** `before` has given way to `after`. */
  replace(before: NetworkInterface | undefined, after: NetworkInterface | undefined): void {
    this.#count(before, -1);
    this.#count(after, 1);
  }

  #count(place: NetworkInterface | undefined, by: number): void {
    if (place?.kind === "local") this.local += by;
    else if (place !== undefined) this.remote += by;
    this.flows += by * flowCount(place);
  }
}
