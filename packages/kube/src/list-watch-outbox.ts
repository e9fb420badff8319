// What the list/watch machine has to say but nobody has asked for yet, and where a consumer stands that has heard it.
import type { ListWatchOutput } from "./list-watch-types.ts";
import type { KubeObject } from "./object.ts";
import { isResumable } from "./watch-cursor.ts";
import type { GapCause, WatchStreamEvent } from "./watch-stream-event.ts";

interface QueuedOutput<T extends KubeObject> {
  readonly output: ListWatchOutput<T>;
  /** Where a consumer of this output can resume, if that changes. */
  readonly cursorVersion: string | undefined;
}

/** The machine's outputs in order. Drained after every input, so it holds what one input causes: a few entries. */
export class ListWatchOutbox<T extends KubeObject = KubeObject> {
  readonly #queue: QueuedOutput<T>[] = [];
  #cursorVersion = "";
  #gapPending = false;
  #gaps = 0;

  /** How many gaps were told. */
  get gaps(): number {
    return this.#gaps;
  }

  /** The version a consumer of everything taken so far can resume from, if any. */
  get cursorVersion(): string | undefined {
    return isResumable(this.#cursorVersion) ? this.#cursorVersion : undefined;
  }

  /** The consumer begins with a state it kept from an earlier run. */
  resumeFrom(version: string): void {
    this.#cursorVersion = version;
  }

  /** Adds something for the driver. */
  ask(output: ListWatchOutput<T>): void {
    this.#queue.push({ output, cursorVersion: undefined });
  }

  /** Adds something for the consumer; `cursorVersion` is where one stands who has it. */
  tell(event: WatchStreamEvent<T>, cursorVersion?: string): void {
    this.#queue.push({ output: { kind: "event", event }, cursorVersion });
  }

  /** Says that continuity is broken, once until a new state has closed the gap. */
  gap(cause: GapCause): void {
    if (this.#gapPending) return;
    this.#gapPending = true;
    this.#gaps++;
    // A version from another past must not be resumed from; one that is merely too old does no harm.
    const reset = cause === "resource-version-reset" || cause === "resource-version-too-large";
    this.tell({ kind: "gap", cause }, reset ? "" : undefined);
  }

  /** A new state is complete. */
  gapClosed(): void {
    this.#gapPending = false;
  }

  /** The oldest output, which the consumer now has. */
  take(): ListWatchOutput<T> | undefined {
    const queued = this.#queue.shift();
    if (queued?.cursorVersion !== undefined) this.#cursorVersion = queued.cursorVersion;
    return queued?.output;
  }
}
