// Deletions under way: each is tried again after 100 ms, doubling to 5 s, until the server says yes.
import { type Millis, millis } from "@coracle/base";

const FIRST_WAIT_MS = 100;
const WAIT_MS_MAX = 5000;
/** Then the attachment is given up: some 100 seconds. */
export const DELETE_ATTEMPTS_MAX = 25;

interface Deletion {
  attempts: number;
  retryAt: Millis | undefined;
}

/** What became of an attempt. */
export type DeletionState = "done" | "will-retry" | "given-up";

/** The deletions of a run; at most one for each lane and a few more while cleaning up. */
export class Deletions {
  readonly #running = new Map<string, Deletion>();

  get size(): number {
    return this.#running.size;
  }

  begin(name: string): void {
    this.#running.set(name, { attempts: 1, retryAt: undefined });
  }

  /** An attempt ended. */
  end(name: string, isOk: boolean, now: Millis): DeletionState {
    const deletion = this.#running.get(name);
    if (isOk || deletion === undefined) {
      this.#running.delete(name);
      return "done";
    }
    if (deletion.attempts >= DELETE_ATTEMPTS_MAX) {
      this.#running.delete(name);
      return "given-up";
    }
    deletion.retryAt = millis(now + Math.min(WAIT_MS_MAX, FIRST_WAIT_MS * 2 ** (deletion.attempts - 1)));
    return "will-retry";
  }

  /** Takes one deletion that is to be tried again now. */
  due(now: Millis): string | undefined {
    for (const [name, deletion] of this.#running) {
      if (deletion.retryAt === undefined || deletion.retryAt > now) continue;
      deletion.attempts += 1;
      deletion.retryAt = undefined;
      return name;
    }
    return undefined;
  }

  /** When the next one is to be tried again. */
  nextRetry(): Millis | undefined {
    let next: Millis | undefined;
    for (const { retryAt } of this.#running.values()) {
      if (retryAt !== undefined && (next === undefined || retryAt < next)) next = retryAt;
    }
    return next;
  }
}
