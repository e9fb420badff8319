// One request of the list/watch machine: what it asks for and what has come of it.
import { type Millis, randomInteger } from "@coracle/base";
import type { ListWatchMode, ListWatchOptions } from "./list-watch-types.ts";
import type { ListOptions } from "./query.ts";

/** client-go's watch length in seconds: uniform in [300, 600). */
const WATCH_SECONDS_MIN = 300;
const WATCH_SECONDS_MAX = 599;

/** The request that is out. */
export interface OpenRequest {
  readonly id: number;
  readonly mode: ListWatchMode;
  readonly options: ListOptions;
  /** Set when the answer's head came. */
  openedAt: Millis | undefined;
  /** A state is arriving: a list, or a streaming list before its end mark. */
  syncing: boolean;
  /** Where the changes of this watch begin. */
  fromVersion: string;
  /** How much that was new it brought. */
  newsCount: number;
}

/** The options of a watch for the changes after `version`. */
export function watchFrom(version: string): { readonly mode: "watch"; readonly options: ListOptions } {
  return { mode: "watch", options: { watch: true, resourceVersion: version, allowWatchBookmarks: true } };
}

/** Adds what every request carries: selectors, and on watches a length that no two followers share. */
export function completeOptions(settings: ListWatchOptions, mode: ListWatchMode, options: ListOptions): ListOptions {
  const { labelSelector = "", fieldSelector = "", shardSelector = "", random } = settings;
  const timeoutSeconds = randomInteger(random, WATCH_SECONDS_MIN, WATCH_SECONDS_MAX);
  return {
    ...(labelSelector === "" ? {} : { labelSelector }),
    ...(fieldSelector === "" ? {} : { fieldSelector }),
    ...(shardSelector === "" ? {} : { shardSelector }),
    ...options,
    ...(mode === "list" ? {} : { timeoutSeconds }),
  };
}
