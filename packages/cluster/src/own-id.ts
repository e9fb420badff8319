// Messages that carry this node's own id: an echo of itself, a stranger's, or those of a second node with the same id.
import type { Millis } from "@coracle/base";

/** What a message with this node's own id is. `clash` is to be told, `repeated-clash` was told a moment ago. */
export type OwnIdVerdict = "self" | "unlisted-sender" | "clash" | "repeated-clash";

/** Judges them. */
export class OwnIdWatch {
  readonly #selfKeys: ReadonlySet<string>;
  readonly #tellIntervalMs: number;
  #toldAt: Millis | undefined;

  constructor(selfKeys: ReadonlySet<string>, tellIntervalMs: number) {
    this.#selfKeys = selfKeys;
    this.#tellIntervalMs = tellIntervalMs;
  }

  /** `isKnown`: the sender's address is listed, or has proved otherwise that it belongs to the cluster. */
  judge(key: string, isKnown: boolean, now: Millis): OwnIdVerdict {
    // Without own addresses an echo of ourselves and a second holder of our id look alike.
    if (this.#selfKeys.size === 0 || this.#selfKeys.has(key)) return "self";
    if (!isKnown) return "unlisted-sender";
    if (this.#toldAt !== undefined && now - this.#toldAt < this.#tellIntervalMs) return "repeated-clash";
    this.#toldAt = now;
    return "clash";
  }
}
