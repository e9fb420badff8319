// SIGINT and SIGTERM from the first moment on: the first asks to stop, a second one, not of the same key press, kills.
import type { Millis } from "@coracle/base";
import { SAME_SIGNAL_MS } from "@coracle/lifecycle";
import { onSignal, systemClock } from "@coracle/runtime";

/** See the top of the file. */
export class StopSignals {
  readonly #forget: () => void;
  #requestedAt: Millis | undefined;
  #onFirst: (() => void) | undefined;
  #onAgain: (() => void) | undefined;

  constructor() {
    this.#forget = onSignal(["SIGINT", "SIGTERM"], () => this.#take());
  }

  /** When the first came, if one did. */
  get requestedAt(): Millis | undefined {
    return this.#requestedAt;
  }

  /** `first` is called on the first signal, at once if that came already; `again` on one that a person sends after it. */
  listen(first: () => void, again: () => void): void {
    this.#onFirst = first;
    this.#onAgain = again;
    if (this.#requestedAt !== undefined) first();
  }

  close(): void {
    this.#forget();
  }

  #take(): void {
    const now = systemClock.now();
    if (this.#requestedAt === undefined) {
      this.#requestedAt = now;
      this.#onFirst?.();
      return;
    }
    // npx and `bun run` pass on the Ctrl-C that the terminal has sent to all of them.
    if (now - this.#requestedAt >= SAME_SIGNAL_MS) this.#onAgain?.();
  }
}
