// Handshakes that failed: counted by cause, and told of one by one as far as anybody can read that fast.
import type { Millis } from "@coracle/base";
import { type Endpoint, formatEndpoint } from "@coracle/cluster";
import type { AlertName } from "@coracle/dtls";

/** Failures told of in a second, by each worker; the others are counted. */
export const FAILURES_TOLD_PER_SECOND = 10;
const SECOND_MS = 1000;

/** A handshake that came to nothing. */
export interface HandshakeFailure {
  readonly client: Endpoint;
  readonly cause: string;
  readonly alert: AlertName | undefined;
  readonly reason: string;
}

/** What is told of it; `untold` is how many there were since the one told before. */
export interface ToldFailure {
  readonly client: string;
  readonly cause: string;
  readonly reason: string;
  readonly untold: number;
}

/** Counts failures and decides which are told of. */
export class HandshakeFailures {
  readonly #counts: Record<string, number> = {};
  #second = Number.NEGATIVE_INFINITY;
  #told = 0;
  #untold = 0;

  /** How many there were, by alert or other cause. */
  get counts(): Readonly<Record<string, number>> {
    return this.#counts;
  }

  /** Counts one; what to tell of it, unless this second has had its share. */
  add({ client, cause, alert, reason }: HandshakeFailure, now: Millis): ToldFailure | undefined {
    const name = alert ?? cause;
    this.#counts[name] = (this.#counts[name] ?? 0) + 1;
    if (now - this.#second >= SECOND_MS) {
      this.#second = now;
      this.#told = 0;
    }
    if (this.#told === FAILURES_TOLD_PER_SECOND) {
      this.#untold++;
      return undefined;
    }
    this.#told++;
    const untold = this.#untold;
    this.#untold = 0;
    return { client: formatEndpoint(client), cause: name, reason, untold };
  }
}
