// Fan-out inside the process: every commit goes once to each watch and subscription, with no polling and no copy.
import { checkHistory, WATCH_QUEUE_MAX } from "./limits.ts";
import { QueuedWatch } from "./queued-watch.ts";
import type { Revision } from "./revision.ts";
import type { ChangeEvent, StoreError, StoreListener, StoreSubscription, StoreWatch, WatchOptions } from "./store.ts";

/** A page of history. */
export interface ChangePage {
  /** Changes under the prefix, ascending. */
  readonly changes: readonly ChangeEvent[];
  /** The page holds everything up to here; equal to the store's revision when there is no more. */
  readonly upTo: Revision;
}

/** The synchronous view of a store's history that the hub catches up from. */
export interface ChangeLog {
  currentRevision(): Revision;
  compactRevision(): Revision;
  /** One bounded page after `after`; only called with `after` in [compactRevision, currentRevision). */
  readChanges(prefix: string, after: Revision): ChangePage;
}

/** What the hub hands changes to. */
export interface HubMember {
  readonly prefix: string;
  /** Everything up to here was handed over. */
  readonly position: Revision;
  deliver(changes: readonly ChangeEvent[], upTo: Revision): void;
  progress(revision: Revision): void;
  end(error: StoreError): void;
}

/** All live watches and subscriptions of one store. */
export class WatchHub {
  readonly #log: ChangeLog;
  readonly #members = new Set<HubMember>();
  /** Watches that were made but have not caught up: told about progress and the end, not about changes. */
  readonly #waiting = new Set<HubMember>();
  /** Commits being handed over; more than one only while a listener writes. */
  readonly #commits: (readonly ChangeEvent[])[] = [];
  #closed: StoreError | undefined;

  constructor(log: ChangeLog) {
    this.#log = log;
  }

  /** How many watches and subscriptions are open. */
  get size(): number {
    return this.#members.size + this.#waiting.size;
  }

  /**
   * Hands over the changes of one commit, in revision order. The store's log already has them. A listener may write to
   * the store: those changes wait until every member has the ones before.
   */
  publish(changes: readonly ChangeEvent[]): void {
    this.#commits.push(changes);
    if (this.#commits.length > 1) return;
    try {
      for (const commit of this.#commits) this.#publishOne(commit);
    } finally {
      this.#commits.length = 0;
    }
  }

  #publishOne(changes: readonly ChangeEvent[]): void {
    const last = changes.at(-1);
    if (last === undefined) return;
    for (const member of this.#members) {
      const isNews = (change: ChangeEvent): boolean =>
        change.revision > member.position && keyOf(change).startsWith(member.prefix);
      if (last.revision > member.position) member.deliver(changes.filter(isNews), last.revision);
    }
  }

  /** Tells every member that nothing is missing up to `revision`. */
  progress(revision: Revision): void {
    for (const member of [...this.#members, ...this.#waiting]) member.progress(revision);
  }

  /** Ends everything; later watches end at once. */
  close(error: StoreError): void {
    this.#closed = error;
    const members = [...this.#members, ...this.#waiting];
    this.#members.clear();
    this.#waiting.clear();
    for (const member of members) member.end(error);
  }

  /** A pulled watch. See {@link WatchOptions}. */
  watch(options: WatchOptions): StoreWatch {
    const watch = new QueuedWatch({
      prefix: options.prefix,
      position: options.afterRevision ?? this.#log.currentRevision(),
      queueMax: options.queueMax ?? WATCH_QUEUE_MAX,
      log: this.#log,
      goLive: (member) => {
        this.#waiting.delete(member);
        this.#members.add(member);
      },
      leave: (member) => {
        this.#waiting.delete(member);
        this.#members.delete(member);
      },
    });
    if (this.#closed !== undefined) watch.end(this.#closed);
    else this.#waiting.add(watch);
    return watch;
  }

  /** A pushed subscription; hands over the backlog before it returns. */
  subscribe(options: Omit<WatchOptions, "queueMax">, listener: StoreListener): StoreSubscription {
    if (this.#closed !== undefined) throw this.#closed;
    const after = options.afterRevision ?? this.#log.currentRevision();
    checkHistory(after, this.#log.compactRevision(), this.#log.currentRevision());
    const member = new PushedWatch(options.prefix, after, listener);
    while (member.position < this.#log.currentRevision()) {
      const page = this.#log.readChanges(options.prefix, member.position);
      member.deliver(page.changes, page.upTo);
    }
    this.#members.add(member);
    return { close: () => void this.#members.delete(member) };
  }
}

/** A subscription: straight to the listener. */
class PushedWatch implements HubMember {
  readonly prefix: string;
  readonly #listener: StoreListener;
  #position: Revision;

  constructor(prefix: string, position: Revision, listener: StoreListener) {
    this.prefix = prefix;
    this.#position = position;
    this.#listener = listener;
  }

  get position(): Revision {
    return this.#position;
  }

  deliver(changes: readonly ChangeEvent[], upTo: Revision): void {
    this.#position = upTo;
    if (changes.length > 0) this.#listener.onChanges(changes);
  }

  progress(revision: Revision): void {
    this.#listener.onProgress?.(revision);
  }

  end(error: StoreError): void {
    this.#listener.onEnd(error);
  }
}

/** The key a change is about. */
export function keyOf(change: ChangeEvent): string {
  return change.kind === "put" ? change.kv.key : change.key;
}
