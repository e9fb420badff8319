// Where a follower stands, small enough to be kept on disk: resuming from it loses nothing while the server remembers.
import { isComparableResourceVersion } from "./resource-version.ts";

/** A place in the changes of one collection under one selector. */
export interface WatchCursor {
  readonly version: 1;
  /** URL path of the collection, with its namespace. */
  readonly resource: string;
  /** The selectors as query text; another selector sees other changes. */
  readonly selector: string;
  readonly resourceVersion: string;
}

/** Longest cursor text that is read. */
const CURSOR_SIZE_MAX = 131_072;

/** The cursor as one line of JSON. */
export function formatCursor(cursor: WatchCursor): string {
  return JSON.stringify({
    version: cursor.version,
    resource: cursor.resource,
    selector: cursor.selector,
    resourceVersion: cursor.resourceVersion,
  });
}

/** Reads what {@link formatCursor} wrote; anything else, such as a file cut short by a crash, is `undefined`. */
export function parseCursor(text: string): WatchCursor | undefined {
  if (text.length > CURSOR_SIZE_MAX) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { version, resource, selector, resourceVersion } = value as Record<string, unknown>;
  if (version !== 1 || typeof resource !== "string" || typeof selector !== "string") return undefined;
  if (typeof resourceVersion !== "string" || !isResumable(resourceVersion)) return undefined;
  return { version, resource, selector, resourceVersion };
}

/** Whether `cursor` marks a place in this collection under this selector. */
export function cursorFits(cursor: WatchCursor, resource: string, selector: string): boolean {
  return cursor.resource === resource && cursor.selector === selector && isResumable(cursor.resourceVersion);
}

/** Whether a watch can start from this version: "" and "0" mean "anywhere" to a server. */
export function isResumable(resourceVersion: string): boolean {
  return resourceVersion !== "" && resourceVersion !== "0";
}

/** Whether `resourceVersion` lies behind `known`, so that changes after `known` cannot carry it. Unordered ones do not. */
export function isBehind(resourceVersion: string, known: string): boolean {
  if (!isComparableResourceVersion(resourceVersion) || !isComparableResourceVersion(known)) return false;
  if (resourceVersion.length !== known.length) return resourceVersion.length < known.length;
  return resourceVersion < known;
}
