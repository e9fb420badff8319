// Sends bookmarks: looks once a second which watches are due.
import type { Random } from "@coracle/base";
import { startTimer, type Timer } from "@coracle/runtime";
import { BookmarkSchedule } from "../core/watch/bookmark-schedule.ts";
import type { CacheHub } from "../core/watch/cache-hub.ts";
import type { Watcher } from "../core/watch/watcher.ts";

const TICK_MS = 1000;

/** Drives the schedule with the clock. */
export class BookmarkTicker {
  readonly #hub: CacheHub;
  readonly #schedule: BookmarkSchedule<Watcher>;
  #timer: Timer | undefined;

  constructor(hub: CacheHub, random: Random) {
    this.#hub = hub;
    this.#schedule = new BookmarkSchedule(random);
  }

  start(): void {
    this.#timer = startTimer(TICK_MS, () => {
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
      for (const watcher of cache.bookmarked) if (this.#schedule.isDue(watcher)) watcher.offerBookmark(revision);
    }
    this.#schedule.advance();
  }
}
