// Lists: from the cache when it holds the state asked for, else from the store's history; pages stay on one revision.
import {
  badRequestStatus,
  expiredStatus,
  internalErrorStatus,
  type KubeStatus,
  resourceVersionTooLargeStatus,
  StatusError,
} from "@coracle/kube";
import { type Revision, type Store, StoreError } from "@coracle/store";
import { unknownFailure } from "../failure.ts";
import type { ListMetadata } from "../render/list.ts";
import type { ListQuery } from "../request/list-options.ts";
import { keyAfter } from "../watch/cache-hub.ts";
import { isSelected, isUnselective, type Selection } from "../watch/selection.ts";
import { storedObject, type StoredObject } from "../watch/stored-object.ts";
import type { WatchCache } from "../watch/watch-cache.ts";
import { type ContinueToken, decodeContinueToken, encodeContinueToken } from "./continue-token.ts";
import type { RegistryEnvironment } from "./environment.ts";
import { collectionPrefix } from "./resource-key.ts";

/** One page. */
export interface ListResult {
  readonly objects: readonly StoredObject[];
  readonly metadata: ListMetadata;
}

/** Which state a list is to show. */
export type ListState =
  /** The newest. */
  | { readonly kind: "newest" }
  /** Not older than this. */
  | { readonly kind: "atLeast"; readonly revision: number }
  /** Exactly this. */
  | { readonly kind: "exactly"; readonly revision: number };

/** A revision as clients write it, `undefined` for what is none; "" is 0. */
export function readRevision(text: string): number | undefined {
  if (text === "") return 0;
  return /^[0-9]+$/.test(text) ? Math.min(Number(text), Number.MAX_SAFE_INTEGER) : undefined;
}

/** What is wrong with a text that is no revision, as the server says it. */
export function badRevisionText(text: string): string {
  const why = `strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`;
  return `resourceVersion: Invalid value: ${JSON.stringify(text)}: ${why}`;
}

/** The revision a get or watch names; Kubernetes leaves a bad one unclassified. */
export function parseRevision(text: string): number {
  const revision = readRevision(text);
  if (revision === undefined) throw unknownFailure(badRevisionText(text));
  return revision;
}

/** Reads which state the options ask for. */
export function listStateOf(query: ListQuery): ListState {
  if (query.continueToken !== "") {
    const token = tokenOf(query);
    return token.revision > 0 ? { kind: "exactly", revision: token.revision } : { kind: "newest" };
  }
  const revision = readRevision(query.resourceVersion);
  if (revision === undefined) {
    throw new StatusError(badRequestStatus(`invalid resource version: ${badRevisionText(query.resourceVersion)}`));
  }
  if (query.resourceVersion === "") return { kind: "newest" };
  if (query.resourceVersionMatch === "Exact") return { kind: "exactly", revision };
  if (query.resourceVersionMatch === "" && query.limit > 0 && revision > 0) return { kind: "exactly", revision };
  return { kind: "atLeast", revision };
}

function tokenOf(query: ListQuery): ContinueToken {
  const token = decodeContinueToken(query.continueToken);
  if (!token.ok) throw new StatusError(badRequestStatus(`invalid continue token: ${token.error}`));
  if (query.resourceVersion !== "" && query.resourceVersion !== "0") {
    throw new StatusError(badRequestStatus("specifying resource version is not allowed when using continue"));
  }
  return token.value;
}

/** Lists one page. The caches must have reached the state's revision already, or it lies in the future. */
export async function listPage(
  environment: RegistryEnvironment,
  selection: Selection,
  query: ListQuery,
): Promise<ListResult> {
  const { caches } = environment;
  const cache = caches.cacheOf(selection.definition);
  const state = listStateOf(query);
  if (state.kind !== "newest" && state.revision > caches.revision) throw tooLarge(state.revision, caches.revision);
  const startKey = startKeyOf(cache, selection, query);
  if (state.kind === "exactly" && state.revision < cache.changedAt) {
    return listPast(environment.store, { selection, query, startKey, revision: state.revision });
  }
  const revision = state.kind === "exactly" ? state.revision : caches.revision;
  return pageOfCache(cache, { selection, query, startKey, revision });
}

/** 504 for a revision the store has not reached. */
export function tooLarge(requested: number, current: number): StatusError {
  return new StatusError(resourceVersionTooLargeStatus(String(requested), String(current)));
}

function startKeyOf(cache: WatchCache, selection: Selection, query: ListQuery): string {
  if (query.continueToken === "") return collectionPrefix(selection.definition, selection.namespace);
  const { startKey } = tokenOf(query);
  const relative = startKey.startsWith("/") ? startKey.slice(1) : startKey;
  const key = cache.prefix + relative;
  return key.endsWith("\0") ? keyAfter(key.slice(0, -1)) : key;
}

interface PageRequest {
  readonly selection: Selection;
  readonly query: ListQuery;
  readonly startKey: string;
  readonly revision: number;
}

function pageOfCache(cache: WatchCache, request: PageRequest): ListResult {
  const { selection, query, startKey, revision } = request;
  if (query.limit === 0) {
    return { objects: cache.list(selection, startKey), metadata: { resourceVersion: String(revision) } };
  }
  const found = cache.list(selection, startKey, query.limit + 1);
  if (found.length <= query.limit) return { objects: found, metadata: { resourceVersion: String(revision) } };
  const objects = found.slice(0, query.limit);
  const last = objects.at(-1)?.key ?? "";
  const remaining = isUnselective(selection) ? cache.count(selection, keyAfter(last)) : undefined;
  return { objects, metadata: pageMetadata(cache.prefix, last, revision, remaining) };
}

function pageMetadata(prefix: string, lastKey: string, revision: number, remaining: number | undefined): ListMetadata {
  const token = encodeContinueToken({ revision, startKey: `${lastKey.slice(prefix.length)}\0` });
  return {
    resourceVersion: String(revision),
    continue: token,
    ...(remaining === undefined ? {} : { remainingItemCount: remaining }),
  };
}

const PAST_PAGE_SIZE = 500;

/** A page of a past state, read from the store; selective lists read on until the page is full. */
async function listPast(store: Store, request: PageRequest): Promise<ListResult> {
  const { selection, query, revision } = request;
  const prefix = collectionPrefix(selection.definition);
  const within = collectionPrefix(selection.definition, selection.namespace);
  const objects: StoredObject[] = [];
  let startKey = request.startKey < within ? within : request.startKey;
  for (;;) {
    const page = await readPast(store, request, { prefix: within, startKey });
    for (const [index, kv] of page.kvs.entries()) {
      const object = storedObject(selection.definition, kv);
      if (!isSelected(selection, object)) continue;
      if (query.limit > 0 && objects.length === query.limit) {
        const last = objects.at(-1)?.key ?? "";
        const remaining = isUnselective(selection) ? page.count - index : undefined;
        return { objects, metadata: pageMetadata(prefix, last, revision, remaining) };
      }
      objects.push(object);
    }
    const last = page.kvs.at(-1);
    if (!page.more || last === undefined) return { objects, metadata: { resourceVersion: String(revision) } };
    startKey = keyAfter(last.key);
  }
}

async function readPast(
  store: Store,
  request: PageRequest,
  from: { readonly prefix: string; readonly startKey: string },
): ReturnType<Store["range"]> {
  const limit = request.query.limit > 0 ? Math.max(request.query.limit + 1, PAST_PAGE_SIZE) : PAST_PAGE_SIZE;
  try {
    return await store.range({ ...from, limit, revision: request.revision as Revision });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw new StatusError(pastUnreadable(error, request), { cause: error });
  }
}

const LIST_EXPIRED = "The resourceVersion for the provided list is too old.";
const CONTINUE_EXPIRED =
  "The provided continue parameter is too old to display a consistent list result. You can start a new list without " +
  "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. " +
  "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or " +
  "deleted between the time the first chunk was returned and now may show up in the list.";

function pastUnreadable(error: StoreError, request: PageRequest): KubeStatus {
  if (error.code !== "COMPACTED") return internalErrorStatus(`the store cannot be read: ${error.code}`);
  const token = request.query.continueToken;
  const decoded = token === "" ? undefined : decodeContinueToken(token);
  if (decoded === undefined || !decoded.ok) return expiredStatus(LIST_EXPIRED);
  return expiredStatus(CONTINUE_EXPIRED, encodeContinueToken({ revision: -1, startKey: decoded.value.startKey }));
}
