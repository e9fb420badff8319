// Which back ends are in the rotation: out after some failed probes in a row, in again at the first good one.
import { assert } from "@coracle/base";

/** What a probe found: `reason` says why it is not well. */
export type ProbeOutcome = { readonly healthy: true } | { readonly healthy: false; readonly reason: string };

/** How a back end is. */
export interface BackendState {
  readonly healthy: boolean;
  /** Of the newest failed probe, while it is out. */
  readonly reason: string | undefined;
}

interface Backend {
  failures: number;
  healthy: boolean;
  reason: string | undefined;
}

/** The judgement on a fixed number of back ends. All are well until a probe says otherwise. */
export class BackendHealth {
  readonly #failuresMax: number;
  readonly #backends: readonly Backend[];

  constructor(options: { readonly count: number; readonly failuresMax: number }) {
    const { count, failuresMax } = options;
    assert(count > 0 && failuresMax > 0, `Cannot judge back ends: count is ${count}, failuresMax is ${failuresMax}`);
    this.#failuresMax = failuresMax;
    this.#backends = Array.from({ length: count }, () => ({ failures: 0, healthy: true, reason: undefined }));
  }

  /** Takes what a probe found; true if the back end went out of the rotation or came back. */
  report(index: number, outcome: ProbeOutcome): boolean {
    const backend = this.#backends[index];
    assert(backend !== undefined, `Cannot judge a back end: its number is ${index}`);
    const before = backend.healthy;
    backend.failures = outcome.healthy ? 0 : backend.failures + 1;
    backend.healthy = outcome.healthy || (before && backend.failures < this.#failuresMax);
    backend.reason = outcome.healthy ? undefined : outcome.reason;
    return backend.healthy !== before;
  }

  state(index: number): BackendState {
    const { healthy = true, reason } = this.#backends[index] ?? {};
    return { healthy, reason: healthy ? undefined : reason };
  }
}
