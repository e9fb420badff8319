// Sends bookmarks: about once a minute to every watch that asked for them, spread over the minute.
import type { Random } from "@coracle/base";
import { startTimer, type Timer } from "@coracle/runtime";
import type { CacheHub } from "../core/watch/cache-hub.ts";
import type { Watcher } from "../core/watch/watcher.ts";

const TICK_MS = 1000;
const PERIOD_TICKS = 60;

/** Ticks once a second; each watch has its second of the minute. */
export class BookmarkTicker {
  readonly #hub: CacheHub;
  readonly #random: Random;
  readonly #slots: WeakMap<Watcher, number> = new WeakMap();
  #tick = 0;
  #timer: Timer | undefined;

  constructor(hub: CacheHub, random: Random) {
    this.#hub = hub;
    this.#random = random;
  }

  start(): void {
    this.#timer = startTimer(TICK_MS, () => {
      this.#tick = (this.#tick + 1) % PERIOD_TICKS;
      this.#send();
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #send(): void {
    const { revision } = this.#hub;
    for (const cache of this.#hub.caches) {
      for (const watcher of cache.bookmarked) {
        if (this.#slotOf(watcher) === this.#tick) watcher.offerBookmark(revision);
      }
    }
  }

  /** A watch's first bookmark comes about a minute after its start. */
  #slotOf(watcher: Watcher): number {
    const known = this.#slots.get(watcher);
    if (known !== undefined) return known;
    const jitter = Math.floor(this.#random.next() * 4);
    const slot = (this.#tick + PERIOD_TICKS - 1 - jitter) % PERIOD_TICKS;
    this.#slots.set(watcher, slot);
    return slot;
  }
}
