// When to try again after failures: client-go's backoff, never sooner than the server asked, and a limit on patience.
import { Backoff, type Millis, type Random, REFLECTOR_BACKOFF } from "@coracle/base";
import { spreadWait } from "./spread-wait.ts";

/** Computes waits and knows for how long nothing has worked. */
export class RetrySchedule {
  readonly #backoff: Backoff;
  readonly #random: Random;
  readonly #giveUpAfterMs: number;
  #failingSince: Millis | undefined;

  /** @param giveUpAfterMs Patience; infinite for none. */
  constructor(random: Random, giveUpAfterMs: number) {
    this.#backoff = new Backoff(REFLECTOR_BACKOFF, random);
    this.#random = random;
    this.#giveUpAfterMs = giveUpAfterMs;
  }

  /** Something worked. The backoff itself is reset by quiet time alone, so that a flapping server is left in peace. */
  worked(): void {
    this.#failingSince = undefined;
  }

  /** The wait in milliseconds after one more failure, at least `askedMs`; `undefined` when patience is over. */
  failed(now: Millis, askedMs: number = 0): number | undefined {
    this.#failingSince ??= now;
    if (now - this.#failingSince >= this.#giveUpAfterMs) return undefined;
    return this.#wait(now, askedMs);
  }

  /** A wait that is no failure: everybody's versions expire at once, and not all should come back at once. */
  spread(now: Millis, askedMs: number = 0): number {
    return this.#wait(now, askedMs);
  }

  #wait(now: Millis, askedMs: number): number {
    const ownMs = this.#backoff.step(now);
    return askedMs === 0 ? ownMs : Math.max(ownMs, spreadWait(askedMs, ownMs, this.#random));
  }
}
