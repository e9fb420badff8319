// One return routability check of a new peer address (RFC 9853 §5): basic, or enhanced with the old path asked first.
import { type Millis, millis } from "@coracle/base";

/** A check takes this long at least: that of a path that was never measured (RFC 9853 §5.5). */
export const PATH_CHECK_MS_MIN = 1000;
/** And this long at most, however slow the handshake was. */
export const PATH_CHECK_MS_MAX = 10_000;
/** Bytes sent to an unvalidated address for each byte received from it (RFC 9853 §2). */
export const AMPLIFICATION_FACTOR = 3;

/** Messages that wait for the end of a check because the new address may not be sent more: what one request is answered with. */
export const HELD_MESSAGES_MAX = 4;

/** How a new address is checked. */
export type PathCheckMode = "basic" | "enhanced";

/** How long a check waits for its response: three round trips (RFC 9853 §5.5) of the time that the handshake's last flight took. */
export function pathCheckMs(roundTripMs: number | undefined): number {
  return Math.min(Math.max(PATH_CHECK_MS_MIN, 3 * (roundTripMs ?? 0)), PATH_CHECK_MS_MAX);
}

/** When a check begins and how long each of its challenges waits. */
export interface PathCheckTiming {
  readonly now: Millis;
  readonly timeoutMs: number;
}

/** A check under way. */
export class PathCheck {
  /** The address in question. */
  readonly candidate: string;
  cookie: Uint8Array;
  /** Which address the challenge went to. */
  stage: "old" | "new";
  dueAt: Millis;
  /** Application data that waits for the end of the check. */
  readonly held: Uint8Array[] = [];
  readonly #timeoutMs: number;
  #receivedBytes = 0;
  #sentBytes = 0;
  #isAsked = false;

  constructor(candidate: string, cookie: Uint8Array, mode: PathCheckMode, timing: PathCheckTiming) {
    this.candidate = candidate;
    this.cookie = cookie;
    this.stage = mode === "basic" ? "new" : "old";
    this.#timeoutMs = timing.timeoutMs;
    this.dueAt = millis(timing.now + timing.timeoutMs);
  }

  /** True once the new address has been sent its challenge. */
  get isAsked(): boolean {
    return this.#isAsked;
  }

  /** Notes bytes that came, authenticated, from the candidate. */
  received(sizeBytes: number): void {
    this.#receivedBytes += sizeBytes;
  }

  /** Claims `sizeBytes` towards the candidate; false if that would exceed the limit. The challenge comes before everything else. */
  maySend(sizeBytes: number, isChallenge: boolean): boolean {
    if (!isChallenge && !this.#isAsked) return false;
    if (this.#sentBytes + sizeBytes > AMPLIFICATION_FACTOR * this.#receivedBytes) return false;
    this.#sentBytes += sizeBytes;
    if (isChallenge) this.#isAsked = true;
    return true;
  }

  /** Keeps a copy of application data until the check has ended; false if too much waits already. */
  hold(content: Uint8Array): boolean {
    if (this.held.length >= HELD_MESSAGES_MAX) return false;
    this.held.push(content.slice());
    return true;
  }

  /** Goes on to ask the new address, after the old one gave it up or stayed silent. */
  askNew(cookie: Uint8Array, now: Millis): void {
    this.stage = "new";
    this.cookie = cookie;
    this.dueAt = millis(now + this.#timeoutMs);
  }
}
