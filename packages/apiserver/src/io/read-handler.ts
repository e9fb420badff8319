// Get and list, and how objects and lists are rendered into the representation a client asked for.
import type { ApiObject, ResourceDefinition } from "@coracle/api";
import { makeStatus, notFoundStatus, StatusError } from "@coracle/kube";
import { startTimer } from "@coracle/runtime";
import { listChunks, type ListForm, objectListForm, partialListForm, tableForm } from "../core/render/list.ts";
import { partialMetadata } from "../core/render/partial-metadata.ts";
import { parseIncludeObject } from "../core/render/renderer.ts";
import { tableText } from "../core/render/table.ts";
import { unknownFailure } from "../core/failure.ts";
import { listPage, type ListResult, listStateOf, parseRevision, tooLarge } from "../core/registry/list.ts";
import { objectKey } from "../core/registry/resource-key.ts";
import { parseListQuery } from "../core/request/list-options.ts";
import { negotiate, type Representation } from "../core/request/negotiation.ts";
import { parseSelection } from "../core/watch/selection.ts";
import { decodeStored } from "../core/watch/stored-object.ts";
import { BASE_HEADERS, bytesAnswer, type Form, objectAnswer } from "./answer.ts";
import type { ApiServer } from "./api-server.ts";
import { type Answer, type Exchange, header } from "./exchange.ts";
import { chunkStream } from "./list-stream.ts";
import type { ResourceExchange } from "./resource-handler.ts";

/** Representation and indentation. */
export type ReadForm = Representation & Form;

/** What this client wants to read; 406 when it cannot be served. */
export function formOf(exchange: Exchange): ReadForm {
  return { ...negotiate(header(exchange, "accept")), pretty: exchange.pretty };
}

/** Reads wait this long for a revision that has not happened yet. */
const FRESHNESS_WAIT_MS = 3000;

/** Waits until the caches have seen `revision`; 504 when they do not in time. */
export async function waitForRevision(server: ApiServer, revision: number): Promise<void> {
  const { hub } = server;
  if (hub.revision >= revision) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const giveUp = hub.whenReached(revision, resolve);
  const timer = startTimer(FRESHNESS_WAIT_MS, () => reject(tooLarge(revision, hub.revision)));
  try {
    await promise;
  } finally {
    timer.cancel();
    giveUp();
  }
}

/** GET of one object. */
export async function answerGet(
  server: ApiServer,
  exchange: ResourceExchange,
  definition: ResourceDefinition,
): Promise<Answer> {
  const form = formOf(exchange);
  const { info } = exchange;
  await waitForRevision(server, parseRevision(exchange.query.get("resourceVersion") ?? ""));
  const key = objectKey(definition, definition.namespaced ? info.namespace : "", info.name);
  const found = server.hub.cacheOf(definition).get(key);
  if (found === undefined) {
    throw new StatusError(notFoundStatus({ group: definition.group, resource: definition.plural }, info.name));
  }
  if (form.target === undefined) return withLineFeed(bytesAnswer(200, found.json, form));
  return renderObject(server, exchange, { definition, form, status: 200, object: decodeStored(found) });
}

/** JSON objects end with a line feed, as Go's encoder writes them. */
function withLineFeed(answer: Answer): Answer {
  if (answer instanceof Response || !(answer.body instanceof Uint8Array)) return answer;
  const body = new Uint8Array(answer.body.length + 1);
  body.set(answer.body);
  body[answer.body.length] = 0x0a;
  return { ...answer, body };
}

/** An object to render. */
export interface ObjectRendering {
  readonly definition: ResourceDefinition;
  readonly form: ReadForm;
  readonly status: number;
  readonly object: ApiObject;
}

/** One object in the form asked for. */
export function renderObject(server: ApiServer, exchange: Exchange, rendering: ObjectRendering): Answer {
  const { definition, form, status, object } = rendering;
  const { target } = form;
  switch (target?.kind) {
    case undefined:
      return objectAnswer(status, object, form);
    case "PartialObjectMetadata":
      return objectAnswer(status, partialMetadata(object, target.version), form);
    case "PartialObjectMetadataList":
      throw unknownFailure("content is not a list");
    case "Table": {
      const includeObject = parseIncludeObject(exchange.query);
      const metadata = { resourceVersion: object.metadata.resourceVersion ?? "" };
      const nowMs = server.clock.wallMs();
      const head = { definition, version: target.version, includeObject, nowMs, headers: true, metadata };
      return objectAnswer(status, JSON.parse(tableText(head, [object])), form);
    }
  }
}

function notAcceptable(message: string): StatusError {
  return new StatusError(makeStatus({ reason: "NotAcceptable", message }));
}

/** GET of a collection. */
export async function answerList(
  server: ApiServer,
  exchange: ResourceExchange,
  definition: ResourceDefinition,
): Promise<Answer> {
  const form = formOf(exchange);
  const query = parseListQuery(exchange.query, false);
  const { namespace, name } = exchange.info;
  const { labelSelector, fieldSelector } = query;
  const selection = parseSelection(definition, { namespace, name, labelSelector, fieldSelector });
  const state = listStateOf(query);
  if (state.kind !== "newest") await waitForRevision(server, state.revision);
  const result = await listPage(server.environment, selection, query);
  return renderList(server, exchange, { definition, form, result });
}

/** A list to render. */
export interface ListRendering {
  readonly definition: ResourceDefinition;
  readonly form: ReadForm;
  readonly result: ListResult;
}

/** Lists above this number of items are streamed. */
const STREAMED_FROM = 100;

/** A list in the form asked for; long ones are made while they are sent. */
export function renderList(server: ApiServer, exchange: Exchange, rendering: ListRendering): Answer {
  const { form, result } = rendering;
  const chunks = listChunks(listForm(server, exchange, rendering), result.objects);
  if (form.mediaType !== "application/json" || form.pretty) {
    return objectAnswer(200, JSON.parse(new TextDecoder().decode(join([...chunks]))), form);
  }
  const headers = { ...BASE_HEADERS, "content-type": form.mediaType };
  if (result.objects.length < STREAMED_FROM) return { status: 200, headers, body: join([...chunks]) };
  return new Response(chunkStream(chunks), { status: 200, headers });
}

function listForm(server: ApiServer, exchange: Exchange, rendering: ListRendering): ListForm {
  const { definition, form, result } = rendering;
  const { metadata } = result;
  const { target } = form;
  switch (target?.kind) {
    case undefined:
      return objectListForm(definition, metadata);
    case "PartialObjectMetadataList":
      return partialListForm(target.version, metadata);
    case "PartialObjectMetadata":
      throw notAcceptable("you requested PartialObjectMetadata, but the requested object is a list");
    case "Table": {
      const includeObject = parseIncludeObject(exchange.query);
      const nowMs = server.clock.wallMs();
      return tableForm({
        definition,
        version: target.version,
        includeObject,
        nowMs,
        headers: true,
        metadata: { ...metadata },
      });
    }
  }
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length === 1 && chunks[0] !== undefined) return chunks[0];
  const joined = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.length;
  }
  return joined;
}
