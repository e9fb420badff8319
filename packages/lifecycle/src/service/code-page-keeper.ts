// Keeps the code of the runtime in memory small: what was needed once is given back, soon after the start and seldom later.
import { type CodePages, openCodePages, startTimer, type Timer } from "@coracle/runtime";

/** What a program of ours needs of its runtime's code from hour to hour. */
const RESIDENT_BYTES_MAX = 24 << 20;
/** While there is something to give back: dropping takes a fraction of a millisecond, and busy code is back as soon. */
const BUSY_MS = 15;
/** When nothing has changed for long. */
const QUIET_MS_MAX = 8000;

/** Looks after the code pages until the process ends; costs two system calls each time it looks. */
export class CodePageKeeper {
  readonly #pages: CodePages;
  readonly #startTimer: typeof startTimer;
  #timer: Timer | undefined;
  #waitMs: number = BUSY_MS;

  constructor(pages: CodePages, start: typeof startTimer = startTimer) {
    this.#pages = pages;
    this.#startTimer = start;
  }

  /** Looks at once, and then again and again. */
  start(): void {
    if (this.#pages.residentBytes() > RESIDENT_BYTES_MAX) {
      this.#pages.release();
      this.#waitMs = BUSY_MS;
    } else this.#waitMs = Math.min(this.#waitMs * 2, QUIET_MS_MAX);
    this.#timer = this.#startTimer(this.#waitMs, () => this.start());
  }

  stop(): void {
    this.#timer?.cancel();
  }
}

/** Starts a keeper where the platform allows it. */
export async function keepCodePagesSmall(): Promise<void> {
  const pages = await openCodePages();
  if (pages !== undefined) new CodePageKeeper(pages).start();
}
