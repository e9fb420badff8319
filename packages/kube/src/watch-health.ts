// How a collection's watches have been doing: after which failures in a row a new state is better than another watch.
import type { ReconnectCause } from "./list-watch-types.ts";

/** Failures inside the server, in a row, before a new state is taken. */
const INTERNAL_ERRORS_MAX = 3;
/** Streams that could not be parsed, in a row, before a new state is taken. */
const MALFORMED_MAX = 1;
/** Silent watches in a row before a state is taken: the server may have been restored to before our version. */
const SILENT_MAX = 2;
/** The same for a server that has never sent a bookmark, where silence means little. */
const SILENT_MAX_UNMARKED = 4;

/** Counts failures in a row; anything new ends the row. */
export class WatchHealth {
  #internalErrors = 0;
  #malformed = 0;
  #silent = 0;
  #bookmarksSeen = false;
  readonly #reconnects: Record<ReconnectCause, number> = {
    closed: 0,
    broken: 0,
    inactive: 0,
    throttled: 0,
    "server-error": 0,
    short: 0,
  };

  /** Counts a watch that is opened again. */
  reconnected(cause: ReconnectCause): void {
    this.#reconnects[cause]++;
  }

  /** How often a watch was opened again, and why. */
  reconnects(): Readonly<Record<ReconnectCause, number>> {
    return { ...this.#reconnects };
  }

  /** Something new came. */
  news(): void {
    this.#internalErrors = 0;
    this.#malformed = 0;
    this.#silent = 0;
  }

  /** This server sends bookmarks, so its silence means something. */
  bookmarkSeen(): void {
    this.#bookmarksSeen = true;
  }

  /** An InternalError; true when a new state is due. */
  internalError(): boolean {
    return this.#over(++this.#internalErrors, INTERNAL_ERRORS_MAX);
  }

  /** A stream nobody can read; true when a new state is due. */
  malformed(): boolean {
    return this.#over(++this.#malformed, MALFORMED_MAX);
  }

  /** A watch that was silent for too long; true when a new state is due. */
  silence(): boolean {
    return this.#over(++this.#silent, this.#bookmarksSeen ? SILENT_MAX - 1 : SILENT_MAX_UNMARKED - 1);
  }

  /** How long silence is borne: longer each time where no bookmark has ever broken it. */
  silenceMs(inactivityMs: number): number {
    return this.#bookmarksSeen ? inactivityMs : inactivityMs * 2 ** Math.min(this.#silent, 2);
  }

  #over(count: number, countMax: number): boolean {
    if (count <= countMax) return false;
    this.news();
    return true;
  }
}
