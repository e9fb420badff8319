// Saving a cursor while a stream runs: the newest one, one write at a time, at most once per interval.
import type { Millis } from "@coracle/base";
import type { WatchCursor } from "../mod.ts";
import type { CursorStore } from "./cursor-store.ts";

/** Writes cursors of one follower. */
export class CursorSaver {
  readonly #store: CursorStore;
  readonly #intervalMs: number;
  readonly #onError: (message: string) => void;
  #newest: WatchCursor | undefined;
  #savedVersion: string | undefined;
  #savedAt: Millis | undefined;
  #saving: Promise<void> | undefined;

  constructor(store: CursorStore, intervalMs: number, onError: (message: string) => void) {
    this.#store = store;
    this.#intervalMs = intervalMs;
    this.#onError = onError;
  }

  /** The cursor of a run before this one. A store that fails counts as empty. */
  async load(): Promise<WatchCursor | undefined> {
    try {
      const cursor = await this.#store.load();
      this.#savedVersion = cursor?.resourceVersion;
      return cursor;
    } catch (error) {
      this.#report("load", error);
      return undefined;
    }
  }

  /** The consumer has got as far as `cursor`. */
  advance(cursor: WatchCursor | undefined, now: Millis): void {
    if (cursor === undefined) return;
    this.#newest = cursor;
    const dueAt = this.dueAt();
    if (dueAt !== undefined && dueAt <= now) this.#save(now);
  }

  /** When the next save is due; `undefined` when there is nothing new or one is being written. */
  dueAt(): Millis | undefined {
    if (this.#newest === undefined || this.#newest.resourceVersion === this.#savedVersion) return undefined;
    if (this.#saving !== undefined) return undefined;
    return this.#savedAt === undefined
      ? (Number.NEGATIVE_INFINITY as Millis)
      : ((this.#savedAt + this.#intervalMs) as Millis);
  }

  /** Saves what is due at `now`. */
  tick(now: Millis): void {
    const dueAt = this.dueAt();
    if (dueAt !== undefined && dueAt <= now) this.#save(now);
  }

  /** Saves the newest cursor, however young the last save is. */
  async flush(now: Millis): Promise<void> {
    await this.#saving;
    if (this.dueAt() === undefined) return;
    this.#save(now);
    await this.#saving;
  }

  #save(now: Millis): void {
    const cursor = this.#newest;
    if (cursor === undefined) return;
    this.#savedAt = now;
    this.#saving = this.#store
      .save(cursor)
      .then(() => {
        this.#savedVersion = cursor.resourceVersion;
      })
      .catch((error: unknown) => this.#report("save", error))
      .finally(() => {
        this.#saving = undefined;
      });
  }

  #report(action: "load" | "save", error: unknown): void {
    this.#onError(`Cannot ${action} the cursor: ${error instanceof Error ? error.message : String(error)}`);
  }
}
