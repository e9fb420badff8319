// The event stream for HTTP clients: a bounded history with ids, so that a client that comes back misses nothing within it.
import { assert, Ring } from "@coracle/base";

/** One entry, as server-sent events carry it. */
export interface FeedEntry {
  readonly id: number;
  readonly event: string;
  readonly data: string;
}

/** What a client gets when it comes (back). */
export interface FeedResume {
  readonly entries: readonly FeedEntry[];
  /** Entries after the client's id were already forgotten: it has to read the current state anew. */
  readonly missed: boolean;
}

/** Holds the newest entries and hands new ones to whoever listens. Bounded in entries and listeners. */
export class EventFeed {
  readonly #history: Ring<FeedEntry>;
  readonly #listenersMax: number;
  readonly #listeners = new Set<(entry: FeedEntry) => void>();
  #lastId = 0;

  constructor(options: { readonly historyMax: number; readonly listenersMax: number }) {
    assert(options.listenersMax > 0, `Cannot make a feed for ${options.listenersMax} listeners`);
    this.#history = new Ring(options.historyMax);
    this.#listenersMax = options.listenersMax;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** Appends an entry and tells every listener. */
  publish(event: string, data: string): void {
    const entry = { id: ++this.#lastId, event, data };
    if (this.#history.full) this.#history.shift();
    this.#history.push(entry);
    for (const listener of this.#listeners) listener(entry);
  }

  /** Registers a listener; `undefined` when there are already too many. The result takes it away again. */
  listen(listener: (entry: FeedEntry) => void): (() => void) | undefined {
    if (this.#listeners.size >= this.#listenersMax) return undefined;
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What came after `lastId`; with no id nothing is replayed. */
  resumeAfter(lastId: number | undefined): FeedResume {
    if (lastId === undefined) return { entries: [], missed: false };
    const entries: FeedEntry[] = [];
    for (let index = 0; index < this.#history.size; index++) {
      const entry = this.#history.at(index);
      if (entry !== undefined && entry.id > lastId) entries.push(entry);
    }
    const oldest = this.#history.at(0)?.id ?? this.#lastId + 1;
    return { entries, missed: lastId > this.#lastId || lastId < oldest - 1 };
  }
}

/** The wire form (WHATWG HTML, server-sent events): data lines must not hold line breaks of their own. */
export function formatServerSentEvent(entry: FeedEntry): string {
  const data = entry.data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `id: ${entry.id}\nevent: ${entry.event}\n${data.join("")}\n`;
}
