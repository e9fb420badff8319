// All watch caches over one subscription to the store: one order of events, one newest revision, no polling.
import type { Clock } from "@coracle/base";
import type { ResourceDefinition } from "@coracle/api";
import {
  type ChangeEvent,
  type KeyValue,
  type Revision,
  revision as toRevision,
  type Store,
  StoreError,
  type StoreSubscription,
} from "@coracle/store";
import type { CacheDirectory } from "../registry/environment.ts";
import { collectionPrefix, REGISTRY_PREFIX } from "../registry/resource-key.ts";
import { HISTORY_LIMITS, type HistoryLimits } from "./event-history.ts";
import { WatchCache } from "./watch-cache.ts";

/** What a hub is made of. */
export interface CacheHubOptions {
  readonly store: Store;
  readonly definitions: readonly ResourceDefinition[];
  readonly clock: Clock;
  readonly historyLimits?: HistoryLimits;
  /** How many past changes are read back at start, so that clients resume across a restart. */
  readonly replayMax?: number;
  /** Called when the store ends the subscription: the server cannot go on. */
  readonly onEnd: (error: StoreError) => void;
}

const REPLAY_MAX = 5000;

/** The caches of every stored kind. */
export class CacheHub implements CacheDirectory {
  readonly definitions: readonly ResourceDefinition[];
  readonly #caches: ReadonlyMap<string, WatchCache>;
  readonly #clock: Clock;
  readonly #waiting: Set<{ readonly revision: number; readonly wake: () => void }> = new Set();
  #revision: number;
  #subscription: StoreSubscription | undefined;

  private constructor(caches: readonly WatchCache[], clock: Clock, revision: number) {
    this.#caches = new Map(caches.map((cache) => [cache.prefix, cache]));
    this.definitions = caches.map((cache) => cache.definition);
    this.#clock = clock;
    this.#revision = revision;
  }

  /** Reads the state some changes ago and replays those changes, so that the history is not empty after a restart. */
  static async open(options: CacheHubOptions): Promise<CacheHub> {
    const { store, definitions, clock } = options;
    const oldest = await store.compactRevision();
    const newest = await store.currentRevision();
    const start = toRevision(Math.max(oldest, newest - (options.replayMax ?? REPLAY_MAX)));
    const historyLimits = options.historyLimits ?? HISTORY_LIMITS;
    const caches: WatchCache[] = [];
    for (const definition of definitions) {
      const kvs = await readAll(store, collectionPrefix(definition), start);
      caches.push(new WatchCache({ definition, kvs, revision: start, historyLimits }));
    }
    const hub = new CacheHub(caches, clock, start);
    hub.#subscription = store.subscribe(
      { prefix: REGISTRY_PREFIX, afterRevision: start },
      {
        onChanges: (changes) => hub.#apply(changes),
        onProgress: (revision) => hub.#advance(revision),
        onEnd: (error) => options.onEnd(error),
      },
    );
    return hub;
  }

  get revision(): number {
    return this.#revision;
  }

  /** Every cache. */
  get caches(): Iterable<WatchCache> {
    return this.#caches.values();
  }

  cacheOf(definition: ResourceDefinition): WatchCache {
    const cache = this.#caches.get(collectionPrefix(definition));
    if (cache === undefined) throw new StoreError("BAD_INPUT", `Cannot find a cache as kind ${definition.kind}`);
    return cache;
  }

  find(group: string, plural: string): WatchCache | undefined {
    return this.#caches.get(`${REGISTRY_PREFIX}${group === "" ? "core" : group}/${plural}/`);
  }

  /** Calls `wake` once the caches have seen `revision`; the answer gives the wish up. At once if they have. */
  whenReached(revision: number, wake: () => void): () => void {
    if (this.#revision >= revision) {
      wake();
      return () => undefined;
    }
    const wish = { revision, wake };
    this.#waiting.add(wish);
    return () => this.#waiting.delete(wish);
  }

  close(): void {
    this.#subscription?.close();
  }

  #apply(changes: readonly ChangeEvent[]): void {
    const now = this.#clock.now();
    for (const change of changes) {
      const key = change.kind === "put" ? change.kv.key : change.key;
      this.#revision = change.revision;
      this.#caches.get(resourcePrefix(key))?.apply(change, now);
    }
    this.#wake();
  }

  #advance(revision: Revision): void {
    if (revision <= this.#revision) return;
    this.#revision = revision;
    this.#wake();
  }

  #wake(): void {
    for (const wish of this.#waiting) {
      if (wish.revision > this.#revision) continue;
      this.#waiting.delete(wish);
      wish.wake();
    }
  }
}

/** `/registry/<group>/<resource>/` of a key. */
function resourcePrefix(key: string): string {
  const group = key.indexOf("/", REGISTRY_PREFIX.length);
  const resource = key.indexOf("/", group + 1);
  return key.slice(0, resource + 1);
}

const PAGE_SIZE = 1000;

async function readAll(store: Store, prefix: string, revision: Revision): Promise<KeyValue[]> {
  const kvs: KeyValue[] = [];
  let startKey = prefix;
  for (;;) {
    const page = await store.range({ prefix, startKey, limit: PAGE_SIZE, revision });
    kvs.push(...page.kvs);
    const last = page.kvs.at(-1);
    if (!page.more || last === undefined) return kvs;
    startKey = keyAfter(last.key);
  }
}

/** The first key that can come after this one: keys hold nothing below "!". */
export function keyAfter(key: string): string {
  return `${key}!`;
}
