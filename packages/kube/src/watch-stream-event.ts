// What a follower of a resource sees: one tagged union for the first state, the changes after it, and the breaks between.
import type { KubeObject } from "./object.ts";
import type { KubeStatus } from "./status.ts";

/** A new complete state begins. Items until `sync-end` belong to it; a second `sync-start` throws away the first's. */
export interface SyncStartEvent {
  readonly kind: "sync-start";
  /** 0 for the first sync of a stream, then counted up; also when a broken sync starts over. */
  readonly round: number;
}

/** One object of the state being synced. In no promised order. */
export interface SyncItemEvent<T extends KubeObject = KubeObject> {
  readonly kind: "item";
  readonly object: T;
}

/** The state is complete as of `resourceVersion`: a follower swaps now. Absent objects no longer exist. */
export interface SyncEndEvent {
  readonly kind: "sync-end";
  readonly resourceVersion: string;
}

/** An object was added or changed, or came to match the selector. */
export interface UpsertEvent<T extends KubeObject = KubeObject> {
  readonly kind: "upsert";
  readonly object: T;
}

/** An object was deleted or stopped matching the selector. */
export interface RemoveEvent<T extends KubeObject = KubeObject> {
  readonly kind: "remove";
  /** The last state, with the deletion's resource version; only identity is known when `finalStateUnknown`. */
  readonly object: T;
  /** The deletion happened unseen, between two states; `object` holds namespace, name, uid and an old version. */
  readonly finalStateUnknown: boolean;
}

/** Nothing up to `resourceVersion` is missing. */
export interface BookmarkEvent {
  readonly kind: "bookmark";
  readonly resourceVersion: string;
}

/** Why a follower may have missed intermediate states. */
export type GapCause =
  /** The server no longer has the changes since our version (410). */
  | "expired"
  /** The server does not know our version yet or any more: restored from a backup, or lagging. */
  | "resource-version-too-large"
  /** The server's versions went backwards: restored from a backup. */
  | "resource-version-reset"
  /** Errors made resuming impossible. */
  | "errors"
  /** The resource was not served for a while (a CRD deleted and created again). */
  | "resource-not-found"
  /** A cursor was given that does not belong to this query. */
  | "cursor-mismatch"
  /** The stream carried something that is not a watch event, or that breaks a cap. */
  | "malformed";

/** Continuity is broken: a full state follows. Changes between the last event and that state are seen only as its result. */
export interface GapEvent {
  readonly kind: "gap";
  readonly cause: GapCause;
}

/** A failed request or a broken stream. The follower retries by itself unless `retryInMs` is absent. */
export interface StreamErrorEvent {
  readonly kind: "error";
  readonly status: KubeStatus;
  /** When the next request goes out; absent when the stream has ended for good. */
  readonly retryInMs?: number;
}

/** Everything a follower is told, in order. */
export type WatchStreamEvent<T extends KubeObject = KubeObject> =
  | SyncStartEvent
  | SyncItemEvent<T>
  | SyncEndEvent
  | UpsertEvent<T>
  | RemoveEvent<T>
  | BookmarkEvent
  | GapEvent
  | StreamErrorEvent;
