// When the balancer is told to give all devices new addresses: every few seconds, but not in the middle of handshakes.

/** Devices that do not connect must not stop it for ever. */
const SKIPS_MAX = 3;

/** The schedule. */
export class RebindSchedule {
  readonly #everyMs: number;
  #dueMs: number | undefined;
  #skips = 0;

  /** `everyMs` 0 is never. */
  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** True if it is time. A plain record from a new address belongs to no handshake, so it waits while devices connect. */
  isDue(wallMs: number, areAllConnected: boolean): boolean {
    if (this.#everyMs === 0) return false;
    if (this.#dueMs === undefined) {
      if (areAllConnected) this.#dueMs = wallMs + this.#everyMs;
      return false;
    }
    if (wallMs < this.#dueMs) return false;
    this.#dueMs = wallMs + this.#everyMs;
    this.#skips = areAllConnected ? 0 : this.#skips + 1;
    if (this.#skips > SKIPS_MAX) this.#skips = 0;
    return this.#skips === 0;
  }
}
