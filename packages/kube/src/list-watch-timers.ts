// The deadlines of the list/watch machine: how long an answer, an event or the next attempt may take.
import { type Millis, millis } from "@coracle/base";
import type { OpenRequest } from "./list-watch-request.ts";
import type { ListWatchTimes } from "./list-watch-types.ts";
import type { WatchHealth } from "./watch-health.ts";

/** Which deadline passed. */
export type ListWatchTimer =
  /** A request has no answer. */
  | "open"
  /** A streaming list brings nothing. */
  | "stall"
  /** A list or watch brings nothing. */
  | "silence"
  /** The wait before the next attempt is over. */
  | "retry";

/** At most two deadlines, on monotonic time: one of the request that is out, one of the next attempt. */
export class ListWatchTimers {
  readonly #times: ListWatchTimes;
  #waitingFor: "open" | "stall" | "silence" = "open";
  #requestDeadlineMs = Number.POSITIVE_INFINITY;
  #retryDeadlineMs = Number.POSITIVE_INFINITY;

  constructor(times: ListWatchTimes) {
    this.#times = times;
  }

  /** A request goes out. */
  opening(now: Millis): void {
    this.#retryDeadlineMs = Number.POSITIVE_INFINITY;
    this.#expect("open", now + this.#times.openTimeoutMs);
  }

  /** Its answer, or a part of it, has come. Called for every event, so it does little. */
  heard(request: OpenRequest, now: Millis, health: WatchHealth): void {
    const { stallMs, inactivityMs, listInactivityMs } = this.#times;
    if (request.mode === "list") this.#expect("silence", now + listInactivityMs);
    else if (request.syncing) this.#expect("stall", now + stallMs);
    else this.#expect("silence", now + health.silenceMs(inactivityMs));
  }

  /** Nothing is waited for but the next attempt, if that. */
  requestOver(): void {
    this.#requestDeadlineMs = Number.POSITIVE_INFINITY;
  }

  /** The next attempt is due in `durationMs`. */
  retryIn(now: Millis, durationMs: number): void {
    this.#retryDeadlineMs = now + durationMs;
  }

  /** The consumer kept the driver from reading for so long: the server's deadline moves. */
  paused(durationMs: number): void {
    this.#requestDeadlineMs += Math.max(0, durationMs);
  }

  /** Nothing is waited for any more. */
  clear(): void {
    this.#requestDeadlineMs = Number.POSITIVE_INFINITY;
    this.#retryDeadlineMs = Number.POSITIVE_INFINITY;
  }

  next(): Millis | undefined {
    const earliest = Math.min(this.#requestDeadlineMs, this.#retryDeadlineMs);
    return earliest === Number.POSITIVE_INFINITY ? undefined : millis(earliest);
  }

  /** Takes out a deadline that has passed. */
  expire(now: Millis): ListWatchTimer | undefined {
    if (this.#requestDeadlineMs <= now) {
      this.#requestDeadlineMs = Number.POSITIVE_INFINITY;
      return this.#waitingFor;
    }
    if (this.#retryDeadlineMs > now) return undefined;
    this.#retryDeadlineMs = Number.POSITIVE_INFINITY;
    return "retry";
  }

  #expect(what: "open" | "stall" | "silence", deadlineMs: number): void {
    this.#waitingFor = what;
    this.#requestDeadlineMs = deadlineMs;
  }
}
