// The interface of the list/watch machine: what its driver tells it and what it asks of its driver.
import type { Random } from "@coracle/base";
import type { JsonStreamOutput } from "./json-stream-output.ts";
import type { KubeObject } from "./object.ts";
import type { ListOptions } from "./query.ts";
import type { KubeStatus } from "./status.ts";
import type { WatchCursor } from "./watch-cursor.ts";
import type { WatchStreamEvent } from "./watch-stream-event.ts";

/** Times the machine keeps, in milliseconds. */
export interface ListWatchTimes {
  /** A streaming list that is silent for this long is taken for a plain watch of an old server. */
  readonly stallMs: number;
  /** A watch without an event or bookmark for this long is taken for dead; bookmarks come every minute. */
  readonly inactivityMs: number;
  /** A list whose body stops for this long is given up. */
  readonly listInactivityMs: number;
  /** A request without an answer for this long is given up. */
  readonly openTimeoutMs: number;
  /** A watch that ends sooner than this without an event counts as an error. */
  readonly shortWatchMs: number;
}

/** client-go's and our defaults. */
export const LIST_WATCH_TIMES: ListWatchTimes = {
  stallMs: 10_000,
  inactivityMs: 150_000,
  listInactivityMs: 60_000,
  openTimeoutMs: 60_000,
  shortWatchMs: 1000,
};

/** Settings of a `ListWatchMachine`. */
export interface ListWatchOptions {
  readonly random: Random;
  /** URL path of the collection; goes into cursors. */
  readonly resource: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly shardSelector?: string;
  /** False: never ask for a streaming list. Tables cannot be had that way. Default true. */
  readonly streamingList?: boolean;
  /** Objects a list page; 0 never pages. Default 500, as client-go. */
  readonly pageSize?: number;
  /** Where to resume; a cursor of another resource or selector is not used. */
  readonly cursor?: WatchCursor;
  /**
   * Remember key, uid and version of every object, so that a relist is told as the changes it stands for instead of a
   * whole new state. Costs some 200 bytes an object. Default false.
   */
  readonly trackKeys?: boolean;
  /** Most keys remembered; beyond it relists are told as whole states again. Default 200 000. */
  readonly trackedKeysMax?: number;
  /** End with an error after failing for this long without a break. Default: never. */
  readonly giveUpAfterMs?: number;
  readonly times?: Partial<ListWatchTimes>;
}

/** How a request's body is to be parsed: "stream" is a watch that begins with the state. */
export type ListWatchMode = "list" | "watch" | "stream";

/** What the driver tells the machine. `id` is that of the `open` it answers; inputs of older ids are ignored. */
export type ListWatchInput<T extends KubeObject = KubeObject> =
  | { readonly kind: "start" }
  /** The answer's head came, with a 2xx code. */
  | { readonly kind: "opened"; readonly id: number }
  /** The answer's code was not 2xx. `retryAfterMs` is its Retry-After header. */
  | {
      readonly kind: "refused";
      readonly id: number;
      readonly status: KubeStatus;
      readonly retryAfterMs?: number;
    }
  /** The parser answered. */
  | {
      readonly kind: "output";
      readonly id: number;
      readonly output: ListWatchParsed<T>;
    }
  /** The body ended. `error` says how, when it was not a clean end; no connection at all is `neverOpened`. */
  | {
      readonly kind: "closed";
      readonly id: number;
      readonly error?: string;
    }
  /** A deadline passed. */
  | { readonly kind: "timeout" }
  /** The consumer kept the driver from reading for so long; silence in that time proves nothing. */
  | { readonly kind: "paused"; readonly durationMs: number }
  | { readonly kind: "stop" };

/** A parser's answer whose objects are known to be `T`s. */
export type ListWatchParsed<T extends KubeObject = KubeObject> =
  | Exclude<JsonStreamOutput, { readonly kind: "item" | "change" }>
  | { readonly kind: "item"; readonly object: T }
  | {
      readonly kind: "change";
      readonly type: "ADDED" | "MODIFIED" | "DELETED";
      readonly object: T;
    };

/** What the machine asks of its driver. */
export type ListWatchOutput<T extends KubeObject = KubeObject> =
  /** Send this request. At most one is open at a time; a list is over once its `list-end` was handed in. */
  | {
      readonly kind: "open";
      readonly id: number;
      readonly mode: ListWatchMode;
      readonly options: ListOptions;
    }
  /** Abort this request; nothing more is wanted of it. */
  | { readonly kind: "cancel"; readonly id: number }
  /** Give this to the consumer. */
  | { readonly kind: "event"; readonly event: WatchStreamEvent<T> }
  /** Nothing more will come. */
  | { readonly kind: "stopped" };

/** Why a watch was opened again. */
export type ReconnectCause = "closed" | "broken" | "inactive" | "throttled" | "server-error" | "short";

/** Counters for metrics; they only grow. */
export interface ListWatchCounters {
  readonly reconnects: Readonly<Record<ReconnectCause, number>>;
  readonly syncs: number;
  readonly gaps: number;
  readonly replaysDropped: number;
  readonly streamingFallbacks: number;
}
