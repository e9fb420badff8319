// Watches: where they begin, what they render, when they end.
import { randomInteger } from "@coracle/base";
import type { ResourceDefinition } from "@coracle/api";
import { expiredStatus, type KubeStatus, StatusError } from "@coracle/kube";
import { parseRevision } from "../core/registry/list.ts";
import { parseIncludeObject, rendererFor } from "../core/render/renderer.ts";
import { type ListQuery, parseListQuery } from "../core/request/list-options.ts";
import { negotiateStream } from "../core/request/negotiation.ts";
import { frameOf } from "../core/watch/cache-event.ts";
import { parseSelection, type Selection } from "../core/watch/selection.ts";
import type { WatchBegin } from "../core/watch/watch-cache.ts";
import type { Watcher, WatchRenderer } from "../core/watch/watcher.ts";
import { BASE_HEADERS } from "./answer.ts";
import type { ApiServer } from "./api-server.ts";
import { type Answer, header } from "./exchange.ts";
import { waitForRevision } from "./read-handler.ts";
import type { ResourceExchange } from "./resource-handler.ts";
import { watchStream } from "./watch-stream.ts";

/** Watches without a time of their own live this long at least, and less than twice as long. */
const DEADLINE_MS_MIN = 1_800_000;

/** GET of a collection with `watch`. */
export async function answerWatch(
  server: ApiServer,
  exchange: ResourceExchange,
  definition: ResourceDefinition,
): Promise<Answer> {
  const { target } = negotiateStream(header(exchange, "accept"));
  const includeObject = target?.kind === "Table" ? parseIncludeObject(exchange.query) : "Metadata";
  const query = parseListQuery(exchange.query, true);
  const { namespace, name } = exchange.info;
  const { labelSelector, fieldSelector } = query;
  const selection = parseSelection(definition, { namespace, name, labelSelector, fieldSelector });
  const revision = parseRevision(query.resourceVersion);
  const headers = { ...BASE_HEADERS, "content-type": "application/json" };
  const renderer = rendererFor(definition, target, includeObject, () => server.clock.wallMs());
  const started = await start(server, query, { selection, renderer, revision });
  if (started.kind === "refused") {
    return { status: 200, headers, body: frameOf("ERROR", encoder.encode(JSON.stringify(started.status))) };
  }
  return new Response(stream(server, exchange, { query, definition, watcher: started.watcher }), {
    status: 200,
    headers,
  });
}

const encoder = new TextEncoder();

interface Beginning {
  readonly selection: Selection;
  readonly renderer: WatchRenderer;
  readonly revision: number;
}

type Started =
  { readonly kind: "watching"; readonly watcher: Watcher } | { readonly kind: "refused"; readonly status: KubeStatus };

/** Past authentication and parsing, refusals are told as ERROR events: that is where clients look for them. */
async function start(server: ApiServer, query: ListQuery, beginning: Beginning): Promise<Started> {
  const cache = server.hub.cacheOf(beginning.selection.definition);
  const { selection, renderer, revision } = beginning;
  const wantsState = query.sendInitialEvents === true;
  if (wantsState) {
    try {
      await waitForRevision(server, revision);
    } catch (error) {
      if (error instanceof StatusError) return { kind: "refused", status: error.status };
      throw error;
    }
  }
  const from: WatchBegin["from"] = wantsState
    ? { kind: "state", endBookmark: query.allowWatchBookmarks }
    : { kind: "changes", after: revision === 0 ? server.hub.revision : revision };
  const watcher = cache.watch({ selection, renderer, from }, server.hub.revision);
  if (watcher === undefined) {
    const text = `too old resource version: ${revision} (${cache.history.coveredFrom})`;
    return { kind: "refused", status: expiredStatus(text) };
  }
  if (query.allowWatchBookmarks) cache.bookmark(watcher);
  return { kind: "watching", watcher };
}

interface Streaming {
  readonly query: ListQuery;
  readonly definition: ResourceDefinition;
  readonly watcher: Watcher;
}

function stream(server: ApiServer, exchange: ResourceExchange, streaming: Streaming): ReadableStream<Uint8Array> {
  const { query, definition, watcher } = streaming;
  const cache = server.hub.cacheOf(definition);
  const { random } = server.environment;
  const deadlineMs =
    query.timeoutSeconds > 0
      ? Math.min(query.timeoutSeconds * 1000, TIMER_MS_MAX)
      : randomInteger(random, DEADLINE_MS_MIN, DEADLINE_MS_MIN * 2 - 1);
  return watchStream({
    watcher,
    deadlineMs,
    signal: exchange.request.signal,
    ending: exchange.context.ending,
    beforeDeadline: () => {
      if (query.allowWatchBookmarks) watcher.offerBookmark(server.hub.revision);
    },
    onEnd: (why) => {
      cache.remove(watcher);
      server.events.onWatchEnd(definition.plural, why);
    },
  });
}

/** Longer timers overflow in every runtime. */
const TIMER_MS_MAX = 0x7fffffff;
