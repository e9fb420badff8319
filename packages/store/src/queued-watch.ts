// A watch that is pulled: reads history page by page, then lives from a bounded queue that the hub fills.
import { assert, Ring } from "@coracle/base";
import { checkHistory } from "./limits.ts";
import type { Revision } from "./revision.ts";
import { type ChangeEvent, type StoreEvent, StoreError, type StoreWatch } from "./store.ts";
import type { ChangeLog, HubMember } from "./watch-hub.ts";

/** What a queued watch is made of. */
export interface QueuedWatchOptions {
  readonly prefix: string;
  readonly position: Revision;
  readonly queueMax: number;
  readonly log: ChangeLog;
  /** Called when history is used up: from now on the hub delivers. */
  readonly goLive: (member: HubMember) => void;
  /** Called once when the watch is over. */
  readonly leave: (member: HubMember) => void;
}

interface Waiter {
  readonly resolve: (result: IteratorResult<StoreEvent, undefined>) => void;
  readonly reject: (error: StoreError) => void;
}

const DONE: IteratorResult<StoreEvent, undefined> = { done: true, value: undefined };

/** One reader at a time. Holds at most one page of history or `queueMax` live events. */
export class QueuedWatch implements StoreWatch, HubMember, AsyncIterator<StoreEvent, undefined> {
  readonly prefix: string;
  readonly #options: QueuedWatchOptions;
  readonly #queue: Ring<ChangeEvent>;
  #page: readonly ChangeEvent[] = [];
  #pageIndex = 0;
  #position: Revision;
  #live = false;
  #progress: Revision | undefined;
  #waiter: Waiter | undefined;
  #end: { readonly error: StoreError | undefined } | undefined;

  constructor(options: QueuedWatchOptions) {
    this.prefix = options.prefix;
    this.#options = options;
    this.#position = options.position;
    this.#queue = new Ring(options.queueMax);
  }

  get position(): Revision {
    return this.#position;
  }

  [Symbol.asyncIterator](): AsyncIterator<StoreEvent, undefined> {
    return this;
  }

  /** The next event; rejects with the {@link StoreError} that ended the watch, after everything queued before it. */
  next(): Promise<IteratorResult<StoreEvent, undefined>> {
    assert(this.#waiter === undefined, "Cannot pull a watch as another pull is waiting");
    try {
      this.#catchUp();
    } catch (thrown) {
      if (!(thrown instanceof StoreError)) throw thrown;
      this.end(thrown);
    }
    const event = this.#take();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.#end !== undefined) {
      const { error } = this.#end;
      this.#end = { error: undefined };
      return error === undefined ? Promise.resolve(DONE) : Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  /** Called by `break` in a `for await`. */
  return(): Promise<IteratorResult<StoreEvent, undefined>> {
    this.close();
    return Promise.resolve(DONE);
  }

  close(): void {
    this.#queue.clear();
    this.#page = [];
    this.#finish(undefined);
  }

  deliver(changes: readonly ChangeEvent[], upTo: Revision): void {
    for (const change of changes) {
      if (this.#queue.push(change)) continue;
      this.#finish(
        new StoreError(
          "SLOW",
          `Cannot keep the watch on ${this.prefix} as its reader is ${this.#queue.size} events behind: resume after the last event read`,
        ),
      );
      return;
    }
    this.#position = upTo;
    this.#wake();
  }

  progress(revision: Revision): void {
    this.#progress = revision;
    if (this.#live) this.#wake();
  }

  end(error: StoreError): void {
    this.#finish(error);
  }

  /** Reads the next page of history if nothing else is at hand, and goes live at its end. */
  #catchUp(): void {
    if (this.#live || this.#end !== undefined || this.#pageIndex < this.#page.length) return;
    const { log, prefix } = this.#options;
    checkHistory(this.#position, log.compactRevision(), log.currentRevision());
    this.#page = [];
    this.#pageIndex = 0;
    while (this.#page.length === 0 && this.#position < log.currentRevision()) {
      const page = log.readChanges(prefix, this.#position);
      this.#page = page.changes;
      this.#position = page.upTo;
    }
    if (this.#position < log.currentRevision()) return;
    this.#live = true;
    this.#options.goLive(this);
  }

  #take(): StoreEvent | undefined {
    const old = this.#page[this.#pageIndex];
    if (old !== undefined) {
      this.#pageIndex++;
      return old;
    }
    const change = this.#queue.shift();
    if (change !== undefined) return change;
    if (this.#progress === undefined || this.#end !== undefined) return undefined;
    const revision = this.#progress;
    this.#progress = undefined;
    return { kind: "progress", revision };
  }

  #wake(): void {
    const waiter = this.#waiter;
    if (waiter === undefined) return;
    const event = this.#take();
    if (event === undefined) return;
    this.#waiter = undefined;
    waiter.resolve({ done: false, value: event });
  }

  #finish(error: StoreError | undefined): void {
    if (this.#end !== undefined) return;
    this.#options.leave(this);
    const waiter = this.#waiter;
    this.#waiter = undefined;
    this.#end = { error: waiter === undefined ? error : undefined };
    if (waiter === undefined) return;
    if (error === undefined) waiter.resolve(DONE);
    else waiter.reject(error);
  }
}
