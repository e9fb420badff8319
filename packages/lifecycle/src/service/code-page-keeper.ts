// Keeps the code of the runtime in memory small: what was needed once is given back, soon after the start and seldom later.
import { type CodePages, openCodePages, startTimer, type Timer } from "@coracle/runtime";

/** What a program of ours needs of its runtime's code from hour to hour. */
const RESIDENT_BYTES_MAX = 24 << 20;
/** While there is something to give back: dropping takes a fraction of a millisecond, and busy code is back as soon. */
const BUSY_MS = 15;
/**
 * So often in a row pages are given back that soon: for the first state of a program. Code that comes back again and again is
 * needed, and giving it back only costs.
 */
const BUSY_RELEASES_MAX = 200;
/** When nothing has changed for long, or the code that is resident is in use. */
const QUIET_MS_MAX = 8000;

/** Looks after the code pages until the process ends; costs two system calls each time it looks. */
export class CodePageKeeper {
  readonly #pages: CodePages;
  readonly #startTimer: typeof startTimer;
  #timer: Timer | undefined;
  #waitMs: number = BUSY_MS;
  #busyMs: number = BUSY_MS;
  #releases = 0;

  constructor(pages: CodePages, start: typeof startTimer = startTimer) {
    this.#pages = pages;
    this.#startTimer = start;
  }

  /** Looks at once, and then again and again. */
  start(): void {
    if (this.#pages.residentBytes() > RESIDENT_BYTES_MAX) {
      this.#pages.release();
      if (this.#releases++ >= BUSY_RELEASES_MAX) this.#busyMs = Math.min(this.#busyMs * 2, QUIET_MS_MAX);
      this.#waitMs = this.#busyMs;
    } else {
      if (this.#waitMs === QUIET_MS_MAX) this.#forgetWork();
      this.#waitMs = Math.min(this.#waitMs * 2, QUIET_MS_MAX);
    }
    this.#timer = this.#startTimer(this.#waitMs, () => this.start());
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** It was quiet for long: what comes next is work of another kind, and begins like a start. */
  #forgetWork(): void {
    this.#releases = 0;
    this.#busyMs = BUSY_MS;
  }
}

/** Starts a keeper where the platform allows it. */
export async function keepCodePagesSmall(): Promise<void> {
  const pages = await openCodePages();
  if (pages !== undefined) new CodePageKeeper(pages).start();
}
