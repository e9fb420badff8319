// Clashes told lately: two nodes with one id meet at every ping, and once a minute is enough to hear of it.
import type { Millis } from "@coracle/base";

/** Different clashes remembered; the oldest make room, and are told again. */
export const CLASHES_MAX = 64;
/** Told again after this long. */
export const CLASH_REPEAT_MS = 60_000;

/** Says which clashes are news. */
export class ClashMemory {
  readonly #toldAt: Map<string, Millis> = new Map();

  /** True if this clash was not told within the last minute; it counts as told then. */
  isNews(nodeId: number, refused: string, now: Millis): boolean {
    const key = `${nodeId} ${refused}`;
    const toldAt = this.#toldAt.get(key);
    if (toldAt !== undefined && now - toldAt < CLASH_REPEAT_MS) return false;
    this.#toldAt.delete(key);
    for (const oldest of this.#toldAt.keys()) {
      if (this.#toldAt.size < CLASHES_MAX) break;
      this.#toldAt.delete(oldest);
    }
    this.#toldAt.set(key, now);
    return true;
  }
}
