// Caps on the requests being answered at one time, reads and writes apart, as kube-apiserver has without flow control.

/** How many may run. Watches are not counted once they stream. */
export interface InFlightLimits {
  readonly readsMax: number;
  readonly writesMax: number;
}

/** kube-apiserver's own numbers. */
export const IN_FLIGHT_LIMITS: InFlightLimits = { readsMax: 400, writesMax: 200 };

/** Counts running requests. */
export class InFlight {
  readonly #limits: InFlightLimits;
  #reads = 0;
  #writes = 0;
  refused = 0;

  constructor(limits: InFlightLimits = IN_FLIGHT_LIMITS) {
    this.#limits = limits;
  }

  get reads(): number {
    return this.#reads;
  }

  get writes(): number {
    return this.#writes;
  }

  /** Lets a request in; `undefined` when there are too many. The answer must be called once when it is done. */
  enter(isWrite: boolean): (() => void) | undefined {
    if (isWrite ? this.#writes >= this.#limits.writesMax : this.#reads >= this.#limits.readsMax) {
      this.refused++;
      return undefined;
    }
    if (isWrite) this.#writes++;
    else this.#reads++;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      if (isWrite) this.#writes--;
      else this.#reads--;
    };
  }
}
