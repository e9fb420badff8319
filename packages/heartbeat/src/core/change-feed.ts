// Who listens to changes: bounded in number; each says whether it kept up.
import { assert } from "@coracle/base";

/** Takes one event; false if it does not keep up and wants no more. */
export type FeedListener = (event: string) => boolean;

/** Hands each event to everyone who listens. Nothing is kept: a stream begins with the state, not with history. */
export class ChangeFeed {
  readonly #listenersMax: number;
  readonly #listeners: Set<FeedListener> = new Set();
  #refused = 0;
  #cutOff = 0;

  constructor(options: { readonly listenersMax: number }) {
    assert(options.listenersMax > 0, `Cannot make a feed for listeners: listenersMax is ${options.listenersMax}`);
    this.#listenersMax = options.listenersMax;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** Listeners that were too many, and those that did not keep up. */
  get counts(): { readonly refused: number; readonly cutOff: number } {
    return { refused: this.#refused, cutOff: this.#cutOff };
  }

  /** Adds a listener; the result takes it away again. `undefined` if there are too many. */
  listen(listener: FeedListener): (() => void) | undefined {
    if (this.#listeners.size >= this.#listenersMax) {
      this.#refused++;
      return undefined;
    }
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publish(event: string): void {
    for (const listener of this.#listeners) {
      if (listener(event)) continue;
      this.#listeners.delete(listener);
      this.#cutOff++;
    }
  }
}
