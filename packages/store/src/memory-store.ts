// The store in memory: for tests, simulations and servers that keep nothing. Same contract as the durable back ends.
import { assert } from "@coracle/base";
import { checkHistory, checkKey, checkLimit, checkValue, VALUE_SIZE_BYTES_MAX } from "./limits.ts";
import { type Revision, revision as toRevision, REVISION_MAX } from "./revision.ts";
import { SortedKeys } from "./sorted-keys.ts";
import {
  type ChangeEvent,
  type DeleteResult,
  type GetResult,
  type KeyValue,
  type PutOptions,
  type PutResult,
  type RangeOptions,
  type RangeResult,
  type Store,
  StoreError,
  type StoreListener,
  type StoreSubscription,
  type StoreWatch,
  type WatchOptions,
} from "./store.ts";
import { type ChangePage, keyOf, WatchHub } from "./watch-hub.ts";

/** Bounds of a memory store. */
export interface MemoryStoreOptions {
  /** First revision; default 1. */
  readonly startRevision?: number;
  /** How many changes history keeps; older ones are compacted by themselves. Default 100 000. */
  readonly historyMax?: number;
  readonly valueSizeBytesMax?: number;
}

const PAGE_SIZE = 256;

/** Everything is done when the call returns; the promises are there because the interface has them. */
export class MemoryStore implements Store {
  readonly #current = new Map<string, KeyValue>();
  readonly #keys = new SortedKeys();
  /** Change of revision `#compactRevision + 1 + index`. */
  readonly #history: ChangeEvent[] = [];
  readonly #historyMax: number;
  readonly #valueSizeBytesMax: number;
  readonly #hub: WatchHub;
  #revision: Revision;
  #compactRevision: Revision;
  #closed = false;

  constructor(options: MemoryStoreOptions = {}) {
    this.#revision = toRevision(options.startRevision ?? 1);
    assert(this.#revision > 0, "Cannot start a store as revision 0 means nothing");
    this.#compactRevision = this.#revision;
    this.#historyMax = options.historyMax ?? 100_000;
    this.#valueSizeBytesMax = options.valueSizeBytesMax ?? VALUE_SIZE_BYTES_MAX;
    this.#hub = new WatchHub({
      currentRevision: () => this.#revision,
      compactRevision: () => this.#compactRevision,
      readChanges: (prefix, after) => this.#readChanges(prefix, after),
    });
  }

  async get(key: string): Promise<GetResult> {
    this.#checkOpen();
    checkKey(key);
    return { kv: this.#current.get(key), revision: this.#revision };
  }

  async range(options: RangeOptions): Promise<RangeResult> {
    this.#checkOpen();
    checkLimit(options.limit);
    const revision = options.revision ?? this.#revision;
    checkHistory(revision, this.#compactRevision, this.#revision);
    const limit = options.limit ?? Number.POSITIVE_INFINITY;
    const kvs: KeyValue[] = [];
    let count = 0;
    for (const kv of revision === this.#revision ? this.#live(options) : this.#past(options, revision)) {
      if (count < limit) kvs.push(kv);
      count++;
    }
    return { kvs, revision, more: count > kvs.length, count };
  }

  async put(key: string, value: Uint8Array, options: PutOptions = {}): Promise<PutResult> {
    this.#checkOpen();
    checkKey(key);
    checkValue(value, this.#valueSizeBytesMax);
    const previous = this.#current.get(key);
    const { expectRevision, attachment } = options;
    if (expectRevision !== undefined && expectRevision !== (previous?.modRevision ?? 0)) {
      return { ok: false, code: "CONFLICT", current: previous, revision: this.#revision };
    }
    const revision = this.#nextRevision();
    const kv: KeyValue = { key, value, createRevision: previous?.createRevision ?? revision, modRevision: revision };
    this.#current.set(key, kv);
    if (previous === undefined) this.#keys.add(key);
    const announced = attachment === undefined ? kv : { ...kv, attachment };
    this.#commit({ kind: "put", revision, kv, previous }, { kind: "put", revision, kv: announced, previous });
    return { ok: true, kv: announced, revision };
  }

  async delete(key: string, options: { readonly expectRevision?: Revision } = {}): Promise<DeleteResult> {
    this.#checkOpen();
    checkKey(key);
    const previous = this.#current.get(key);
    const { expectRevision } = options;
    if (previous === undefined || (expectRevision !== undefined && expectRevision !== previous.modRevision)) {
      return { ok: false, code: "CONFLICT", current: previous, revision: this.#revision };
    }
    const revision = this.#nextRevision();
    this.#current.delete(key);
    this.#keys.remove(key);
    const change: ChangeEvent = { kind: "delete", revision, key, previous };
    this.#commit(change, change);
    return { ok: true, previous, revision };
  }

  watch(options: WatchOptions): StoreWatch {
    return this.#hub.watch(options);
  }

  subscribe(options: Omit<WatchOptions, "queueMax">, listener: StoreListener): StoreSubscription {
    return this.#hub.subscribe(options, listener);
  }

  async currentRevision(): Promise<Revision> {
    this.#checkOpen();
    return this.#revision;
  }

  async compactRevision(): Promise<Revision> {
    this.#checkOpen();
    return this.#compactRevision;
  }

  async progress(): Promise<Revision> {
    this.#checkOpen();
    this.#hub.progress(this.#revision);
    return this.#revision;
  }

  async compact(revision: Revision): Promise<void> {
    this.#checkOpen();
    checkHistory(revision, this.#compactRevision, this.#revision);
    this.#history.splice(0, revision - this.#compactRevision);
    this.#compactRevision = revision;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#hub.close(closedError());
    this.#current.clear();
    this.#history.length = 0;
  }

  *#live(options: RangeOptions): IterableIterator<KeyValue> {
    for (const key of this.#keys.range(options.prefix, options.startKey)) {
      const kv = this.#current.get(key);
      if (kv !== undefined) yield kv;
    }
  }

  /** The state at a past revision: what has not changed since, and what the first change since then replaced. */
  #past(options: RangeOptions, revision: Revision): KeyValue[] {
    const kvs = [...this.#live(options)].filter((kv) => kv.modRevision <= revision);
    for (let index = revision - this.#compactRevision; index < this.#history.length; index++) {
      const previous = this.#history[index]?.previous;
      if (previous === undefined || previous.modRevision > revision) continue;
      if (previous.key.startsWith(options.prefix) && previous.key >= (options.startKey ?? "")) kvs.push(previous);
    }
    return kvs.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  #readChanges(prefix: string, after: Revision): ChangePage {
    const start = after - this.#compactRevision;
    const page = this.#history.slice(start, start + PAGE_SIZE);
    return {
      changes: page.filter((change) => keyOf(change).startsWith(prefix)),
      upTo: page.at(-1)?.revision ?? this.#revision,
    };
  }

  #nextRevision(): Revision {
    if (this.#revision >= REVISION_MAX) {
      throw new StoreError(
        "REVISION_OVERFLOW",
        `Cannot write as the revision is at its end: current value is ${this.#revision}`,
      );
    }
    return toRevision(this.#revision + 1);
  }

  #commit(kept: ChangeEvent, announced: ChangeEvent): void {
    this.#revision = kept.revision;
    this.#history.push(kept);
    if (this.#history.length >= 2 * this.#historyMax) {
      this.#history.splice(0, this.#history.length - this.#historyMax);
      this.#compactRevision = toRevision(this.#revision - this.#history.length);
    }
    this.#hub.publish([announced]);
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError();
  }
}

function closedError(): StoreError {
  return new StoreError("CLOSED", "Cannot use the store as it is closed");
}
