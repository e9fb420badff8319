// Query parameters of list, watch and writes (meta/v1 ListOptions, CreateOptions, PatchOptions, DeleteOptions).

/** How a server reads `resourceVersion` on lists and streaming lists. */
export type ResourceVersionMatch = "NotOlderThan" | "Exact";

/** Parameters of list and watch. Absent and "" are not sent, except `resourceVersion: ""`, which is not sent either: both mean "most recent". */
export interface ListOptions {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** KEP-5866, alpha since 1.36; older servers ignore it. */
  readonly shardSelector?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: ResourceVersionMatch;
  readonly limit?: number;
  readonly continue?: string;
  readonly watch?: boolean;
  readonly sendInitialEvents?: boolean;
  readonly allowWatchBookmarks?: boolean;
  /** How long the server keeps a watch, seconds. */
  readonly timeoutSeconds?: number;
  /** What a Table's rows carry. */
  readonly includeObject?: "None" | "Metadata" | "Object";
}

/** Parameters of create, update, patch and apply. */
export interface WriteOptions {
  readonly dryRun?: "All";
  readonly fieldManager?: string;
  readonly fieldValidation?: "Ignore" | "Warn" | "Strict";
  /** Server-side apply only: take fields from other managers. */
  readonly force?: boolean;
}

/** Parameters a request may carry, in the order they are written. */
export type QueryParameters = ListOptions & WriteOptions;

const PARAMETER_NAMES = [
  "labelSelector",
  "fieldSelector",
  "shardSelector",
  "resourceVersion",
  "resourceVersionMatch",
  "limit",
  "continue",
  "watch",
  "sendInitialEvents",
  "allowWatchBookmarks",
  "timeoutSeconds",
  "includeObject",
  "dryRun",
  "fieldManager",
  "fieldValidation",
  "force",
] as const satisfies readonly (keyof QueryParameters)[];

/**
 * `a=b&c=d` without a leading question mark, "" when nothing is set. The order is fixed, so equal options give equal
 * text. `sendInitialEvents=false` is sent, as the server treats it unlike an absent one; other false flags are not.
 */
export function formatQuery(options: QueryParameters): string {
  const pairs: string[] = [];
  for (const name of PARAMETER_NAMES) {
    const value = options[name];
    if (value === undefined || value === "") continue;
    if (value === false && name !== "sendInitialEvents") continue;
    pairs.push(`${name}=${encodeURIComponent(String(value))}`);
  }
  return pairs.join("&");
}
