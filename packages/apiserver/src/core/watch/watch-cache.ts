// The live state of one resource and its recent history, fed by the store; every read and every watch is answered from it.
import type { Millis } from "@coracle/base";
import type { ApiObject, ResourceDefinition } from "@coracle/api";
import { type ChangeEvent, type KeyValue, SortedKeys } from "@coracle/store";
import { collectionPrefix } from "../registry/resource-key.ts";
import { CacheEvent, type EncodingCounter } from "./cache-event.ts";
import { EventHistory, HISTORY_LIMITS, type HistoryLimits } from "./event-history.ts";
import { isSelected, type Selection, singleKey } from "./selection.ts";
import { storedObject, type StoredObject } from "./stored-object.ts";
import { TriggerIndex } from "./trigger-index.ts";
import { Watcher, type WatcherLimits, type WatchRenderer } from "./watcher.ts";

/** What a cache begins with. */
export interface CacheStart {
  readonly definition: ResourceDefinition;
  /** The state at `revision`. */
  readonly kvs: readonly KeyValue[];
  readonly revision: number;
  readonly historyLimits?: HistoryLimits;
}

/** How a watch wants to begin; resolved from the request's options by the caller. */
export interface WatchBegin {
  readonly selection: Selection;
  readonly renderer: WatchRenderer;
  readonly limits?: WatcherLimits;
  /** State first (a list as ADDED events), or only changes after a revision. */
  readonly from:
    { readonly kind: "state"; readonly endBookmark: boolean } | { readonly kind: "changes"; readonly after: number };
}

/** A listener for every change, for what runs inside the server. */
export type CacheListener = (event: CacheEvent, object: ApiObject | undefined) => void;

/** Objects, history and watchers of one resource. */
export class WatchCache implements EncodingCounter {
  readonly definition: ResourceDefinition;
  readonly prefix: string;
  readonly #objects: Map<string, StoredObject> = new Map();
  readonly #keys: SortedKeys = new SortedKeys();
  readonly #history: EventHistory;
  readonly #watchers: TriggerIndex<Watcher> = new TriggerIndex();
  readonly #bookmarked: Set<Watcher> = new Set();
  readonly #listeners: Set<CacheListener> = new Set();
  #changedAt: number;
  encoded = 0;
  slowClosed = 0;

  constructor(start: CacheStart) {
    this.definition = start.definition;
    this.prefix = collectionPrefix(start.definition);
    this.#history = new EventHistory(start.revision, start.historyLimits ?? HISTORY_LIMITS);
    this.#changedAt = start.revision;
    for (const kv of start.kvs) {
      this.#objects.set(kv.key, storedObject(this.definition, kv));
      this.#keys.add(kv.key);
    }
  }

  get size(): number {
    return this.#objects.size;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  get history(): { readonly size: number; readonly sizeBytes: number; readonly coveredFrom: number } {
    return this.#history;
  }

  /** Revision of the newest change of this resource. */
  get changedAt(): number {
    return this.#changedAt;
  }

  /** One object by key. */
  get(key: string): StoredObject | undefined {
    return this.#objects.get(key);
  }

  /** Every object, in no order. */
  objects(): Iterable<StoredObject> {
    return this.#objects.values();
  }

  /** Selected objects in key order, from `startKey` on; `limit` 0 means all. */
  list(selection: Selection, startKey = "", limit = 0): StoredObject[] {
    const single = singleKey(selection);
    if (single !== undefined) {
      const object = this.#objects.get(single);
      return object !== undefined && single >= startKey && isSelected(selection, object) ? [object] : [];
    }
    const prefix = collectionPrefix(this.definition, selection.namespace);
    const found: StoredObject[] = [];
    for (const key of this.#keys.range(prefix, startKey < prefix ? prefix : startKey)) {
      const object = this.#objects.get(key);
      if (object === undefined || !isSelected(selection, object)) continue;
      found.push(object);
      if (limit > 0 && found.length === limit) break;
    }
    return found;
  }

  /** How many keys of the selection's namespace there are from `startKey` on; labels and fields are not looked at. */
  count(selection: Selection, startKey: string): number {
    let count = 0;
    for (const _key of this.#keys.range(collectionPrefix(this.definition, selection.namespace), startKey)) count++;
    return count;
  }

  /** Takes in one change of this resource and hands it to whom it concerns. */
  apply(change: ChangeEvent, now: Millis): void {
    const object = change.kind === "put" ? (change.kv.attachment as ApiObject | undefined) : undefined;
    const key = change.kind === "put" ? change.kv.key : change.key;
    const previous = this.#objects.get(key);
    const current = change.kind === "put" ? storedObject(this.definition, change.kv, object) : undefined;
    if (current === undefined) {
      this.#objects.delete(key);
      this.#keys.remove(key);
    } else {
      this.#objects.set(key, current);
      if (previous === undefined) this.#keys.add(key);
    }
    this.#changedAt = change.revision;
    const event = new CacheEvent({ revision: change.revision, current, previous }, this);
    this.#history.push(event, now);
    this.#watchers.forEvent(event, (watcher) => this.#offer(watcher, event));
    for (const listener of this.#listeners) listener(event, object);
  }

  #offer(watcher: Watcher, event: CacheEvent): void {
    watcher.offer(event);
    if (watcher.end === undefined) return;
    if (watcher.end === "slow") this.slowClosed++;
    this.remove(watcher);
  }

  /** Starts a watch at the cache's present; `undefined` when the revision asked for is older than the history. */
  watch(begin: WatchBegin, revision: number): Watcher | undefined {
    const { selection, renderer, from } = begin;
    const limits = begin.limits === undefined ? {} : { limits: begin.limits };
    if (from.kind === "state") {
      const snapshot = this.list(selection);
      const initialEventsEnd = from.endBookmark ? revision : undefined;
      return this.#register(
        new Watcher({
          selection,
          renderer,
          ...limits,
          snapshot,
          replay: [],
          initialEventsEnd,
          afterRevision: revision,
        }),
      );
    }
    const replay = this.#history.since(from.after);
    if (replay === undefined) return undefined;
    return this.#register(
      new Watcher({
        selection,
        renderer,
        ...limits,
        snapshot: [],
        replay,
        initialEventsEnd: undefined,
        afterRevision: Math.max(from.after, revision),
      }),
    );
  }

  #register(watcher: Watcher): Watcher {
    this.#watchers.add(watcher);
    return watcher;
  }

  /** Sends this watch bookmarks from now on. */
  bookmark(watcher: Watcher): void {
    if (watcher.end === undefined) this.#bookmarked.add(watcher);
  }

  /** Watches that want bookmarks. */
  get bookmarked(): Iterable<Watcher> {
    return this.#bookmarked;
  }

  /** Forgets a watch. */
  remove(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    this.#bookmarked.delete(watcher);
  }

  /** Every running watch. */
  running(): Iterable<Watcher> {
    return this.#watchers.values();
  }

  /** Calls `listener` after every change; the answer takes it away again. */
  listen(listener: CacheListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
