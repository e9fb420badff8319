// When what failed is tried again: each owner waits longer from attempt to attempt.
import { type Millis, millis } from "@coracle/base";
import type { Entry } from "./entry.ts";

/** First and longest wait; each is twice the one before. */
export const RETRY = { initialMs: 500, capMs: 30_000 } as const;

interface Retry {
  attempts: number;
  /** `undefined` while the next attempt is on its way. */
  at: Millis | undefined;
}

/** Owners that failed and will be tried again. Asked at each step of each owner, so nothing is looked up while none fails. */
export class Retries {
  readonly #byEntry = new Map<Entry, Retry>();

  /** How many owners are failing. */
  get size(): number {
    return this.#byEntry.size;
  }

  /** True if the entry waits for its next attempt. */
  isWaiting(entry: Entry): boolean {
    return this.#byEntry.size > 0 && this.#byEntry.get(entry)?.at !== undefined;
  }

  /** Another failure. */
  add(entry: Entry, now: Millis): void {
    const attempts = (this.#byEntry.get(entry)?.attempts ?? 0) + 1;
    const waitMs = Math.min(RETRY.capMs, RETRY.initialMs * 2 ** Math.min(20, attempts - 1));
    this.#byEntry.set(entry, { attempts, at: millis(now + waitMs) });
  }

  /** It works, or is no longer wanted as it was. */
  clear(entry: Entry): void {
    if (this.#byEntry.size > 0) this.#byEntry.delete(entry);
  }

  /** The earliest attempt. */
  next(): Millis | undefined {
    let earliest: Millis | undefined;
    for (const { at } of this.#byEntry.values()) {
      if (at !== undefined && (earliest === undefined || at < earliest)) earliest = at;
    }
    return earliest;
  }

  /** Takes the owners whose time has come by `now`; all that wait without it. */
  take(now?: Millis): readonly Entry[] {
    const due: Entry[] = [];
    for (const [entry, retry] of this.#byEntry) {
      if (retry.at === undefined || (now !== undefined && retry.at > now)) continue;
      retry.at = undefined;
      due.push(entry);
    }
    return due;
  }
}
