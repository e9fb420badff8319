// The revisioned key-value interface every back end implements, in etcd's terms.
import type { Revision } from "./revision.ts";

/** One key with its value. Keys are printable ASCII (0x21 to 0x7e), so every back end orders them alike. */
export interface KeyValue {
  readonly key: string;
  readonly value: Uint8Array;
  /** Revision of the put that made the key, after its last deletion if it had one. */
  readonly createRevision: Revision;
  /** Revision of the last put. */
  readonly modRevision: Revision;
  /** What the writer passed to `put`; only in events and results of this process, absent on anything read back. */
  readonly attachment?: unknown;
}

/** Answer of {@link Store.get}: the key if it exists, and the revision at which that was true. */
export interface GetResult {
  readonly kv: KeyValue | undefined;
  readonly revision: Revision;
}

/** What to read. Keys are in ascending order. */
export interface RangeOptions {
  readonly prefix: string;
  /** First key wanted, itself included; within the prefix. */
  readonly startKey?: string;
  /** At most this many keys; absent means all. */
  readonly limit?: number;
  /** The past state to read; absent means now. */
  readonly revision?: Revision;
}

/** Answer of {@link Store.range}. */
export interface RangeResult {
  readonly kvs: readonly KeyValue[];
  /** The revision read: the one asked for, or the store's at the time of the read. */
  readonly revision: Revision;
  /** True if the limit cut the answer. */
  readonly more: boolean;
  /** How many keys there are from `startKey` on, the limit put aside. */
  readonly count: number;
}

/** Condition and extras of a put. */
export interface PutOptions {
  /** The key's `modRevision` must be this; {@link NOT_EXISTING} (0) means it must not exist; absent means no condition. */
  readonly expectRevision?: Revision;
  /** Handed to in-process watchers with the event, so that they need not parse the value again. */
  readonly attachment?: unknown;
}

/** Outcome of a put or a delete: done and durable, or refused with what is there now. */
export type WriteResult<T> =
  | ({ readonly ok: true; readonly revision: Revision } & T)
  | {
      readonly ok: false;
      readonly code: "CONFLICT";
      readonly current: KeyValue | undefined;
      readonly revision: Revision;
    };

/** Outcome of {@link Store.put}. */
export type PutResult = WriteResult<{ readonly kv: KeyValue }>;

/** Outcome of {@link Store.delete}. Deleting a key that is not there, without a condition, is a conflict with nothing. */
export type DeleteResult = WriteResult<{ readonly previous: KeyValue }>;

/** A key got a value. */
export interface PutEvent {
  readonly kind: "put";
  readonly revision: Revision;
  readonly kv: KeyValue;
  readonly previous: KeyValue | undefined;
}

/** A key went away. */
export interface DeleteEvent {
  readonly kind: "delete";
  readonly revision: Revision;
  readonly key: string;
  readonly previous: KeyValue;
}

/** Nothing is missing up to this revision. */
export interface ProgressEvent {
  readonly kind: "progress";
  readonly revision: Revision;
}

/** A change of the store. One revision has exactly one. */
export type ChangeEvent = PutEvent | DeleteEvent;

/** What a watch yields, in revision order. */
export type StoreEvent = ChangeEvent | ProgressEvent;

/** What to watch. */
export interface WatchOptions {
  readonly prefix: string;
  /** Yield what happened after this revision (it is itself not yielded); absent means from now on. */
  readonly afterRevision?: Revision;
  /** How many events may wait for the reader before the watch ends with `SLOW`; default 1000. */
  readonly queueMax?: number;
}

/** A running watch. Iteration throws {@link StoreError} when it ends by other than `close`; `return` closes it. */
export interface StoreWatch extends AsyncIterable<StoreEvent> {
  /** Ends the iteration quietly. */
  close(): void;
}

/** A synchronous listener inside the process: no queue, so it must be quick and must not throw. */
export interface StoreListener {
  /** Changes in revision order, already durable. All changes of one commit come together. */
  onChanges(changes: readonly ChangeEvent[]): void;
  /** Every change up to this revision has been handed over. */
  onProgress?(revision: Revision): void;
  /** The subscription is over: compaction, or the store was closed. */
  onEnd(error: StoreError): void;
}

/** A running subscription. */
export interface StoreSubscription {
  close(): void;
}

/** Why a store refused or ended something. */
export type StoreErrorCode =
  /** The revision asked for is no longer kept: read everything again. */
  | "COMPACTED"
  /** The revision asked for has not happened yet. */
  | "FUTURE_REVISION"
  /** The reader of a watch fell behind its queue. */
  | "SLOW"
  /** The store is closed. */
  | "CLOSED"
  /** The disk (or the size limit) is full; nothing was written. */
  | "NO_SPACE"
  /** Another process has the store open. */
  | "LOCKED"
  /** The file is not a store or is damaged. */
  | "CORRUPT"
  /** The file or folder may not be read or written. */
  | "NOT_WRITABLE"
  /** A key or value is over the limit or the key is not printable ASCII. */
  | "BAD_INPUT"
  /** Too many writes are waiting. */
  | "OVERLOADED"
  /** The back end counts beyond 2^53 - 1. */
  | "REVISION_OVERFLOW"
  /** Any other failure of the back end; see `cause`. */
  | "BACKEND";

/** A failure at the store's boundary. Conflicts are not errors: they are values of {@link WriteResult}. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;
  /** With `COMPACTED`: the oldest revision that can be read. */
  readonly compactRevision: Revision | undefined;

  constructor(
    code: StoreErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly compactRevision?: Revision } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.compactRevision = options.compactRevision;
  }
}

/** A revisioned key-value store. Every method that touches the back end rejects with {@link StoreError}. */
export interface Store {
  /** One key, linearizable. */
  get(key: string): Promise<GetResult>;
  /** Keys under a prefix, now or at a past revision (`COMPACTED`, `FUTURE_REVISION`). */
  range(options: RangeOptions): Promise<RangeResult>;
  /** Writes a key; resolves once durable. The store takes ownership of `value`: do not change it afterwards. */
  put(key: string, value: Uint8Array, options?: PutOptions): Promise<PutResult>;
  /** Removes a key; resolves once durable. */
  delete(key: string, options?: { readonly expectRevision?: Revision }): Promise<DeleteResult>;
  /** Changes under a prefix, pulled. */
  watch(options: WatchOptions): StoreWatch;
  /** Changes under a prefix, pushed synchronously after commit. Throws `COMPACTED` or `FUTURE_REVISION` at once. */
  subscribe(options: Omit<WatchOptions, "queueMax">, listener: StoreListener): StoreSubscription;
  /** The store's revision now, linearizable. */
  currentRevision(): Promise<Revision>;
  /** The oldest revision that `range` can read and `watch` can resume after. */
  compactRevision(): Promise<Revision>;
  /** Sends every watch a progress event once all earlier changes are out; resolves with its revision. */
  progress(): Promise<Revision>;
  /** Forgets history up to and including `revision`; the state at that revision stays readable. */
  compact(revision: Revision): Promise<void>;
  /** Ends watches with `CLOSED`, writes what is pending, releases the back end. Idempotent. */
  close(): Promise<void>;
}
