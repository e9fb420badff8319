// The revision a store has reached, kept outside its database: so that a database put back from a backup is noticed.
import { fileExists, readTextFile, startTimer, type Timer, writeFileAtomic } from "@coracle/runtime";
import { StoreError } from "../store.ts";

/** Written at most this often; a backup younger than this is not told from the database itself. */
const WRITE_INTERVAL_MS = 1000;

/**
 * After a restore revisions go on this far above the mark: more than could be written in the interval between the last mark
 * and the loss of the database.
 */
export const RESTORE_JUMP = 1_000_000;

/** What the file says. `clean` is false while the store is open, so also after a crash. */
export interface Mark {
  readonly revision: number;
  readonly clean: boolean;
}

/** The mark file beside a database. */
export class HighWaterFile {
  readonly path: string;
  #written = 0;
  #wanted = 0;
  #timer: Timer | undefined;
  #running: Promise<void> = Promise.resolve();
  #settled = false;
  /** Writes that failed, for example on a full disk; the next one covers them. */
  failures = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** The mark, or `undefined` if there is none. Throws `CORRUPT` for a file that is not one. */
  async read(): Promise<Mark | undefined> {
    if (!(await fileExists(this.path))) return undefined;
    const match = /^revision (\d{1,16}) (open|closed)\n$/.exec(await readTextFile(this.path, 4096));
    const revision = Number(match?.[1]);
    if (match === null || !Number.isSafeInteger(revision)) {
      throw new StoreError(
        "CORRUPT",
        `Cannot read the mark ${this.path} as it is damaged: remove it to go on without it`,
      );
    }
    this.#written = revision;
    return { revision, clean: match[2] === "closed" };
  }

  /** Writes the mark now; fails like any file. */
  async write(mark: Mark): Promise<void> {
    await writeFileAtomic(this.path, `revision ${mark.revision} ${mark.clean ? "closed" : "open"}\n`, { mode: 0o600 });
    this.#written = mark.revision;
  }

  /** Notes a committed revision; it is written within the interval. */
  advance(revision: number): void {
    this.#wanted = revision;
    if (this.#timer !== undefined) return;
    this.#timer = startTimer(WRITE_INTERVAL_MS, () => this.#flush(), { keepsProcessAlive: false });
  }

  /** Stops the timer and waits for a write that is under way. */
  async settle(): Promise<void> {
    this.#settled = true;
    this.#timer?.cancel();
    await this.#running;
  }

  #flush(): void {
    this.#running = this.#writeWanted();
  }

  async #writeWanted(): Promise<void> {
    try {
      await this.write({ revision: this.#wanted, clean: false });
    } catch {
      this.failures++;
    }
    this.#timer = undefined;
    if (this.#wanted > this.#written && !this.#settled) this.advance(this.#wanted);
  }
}
