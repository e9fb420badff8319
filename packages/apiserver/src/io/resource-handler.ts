// Requests for resources: finds the kind, reads the options and the body, lets the registry act, renders what came out.
import type { ApiObject, ResourceDefinition } from "@coracle/api";
import { badRequestStatus, notFoundStatus, pathNotFoundStatus, StatusError } from "@coracle/kube";
import { readRequestBody } from "@coracle/runtime";
import { orThrow } from "../core/failure.ts";
import { judgeStrictness } from "../core/field-validation/mod.ts";
import { bodyMediaType, decodeText } from "../core/json/mod.ts";
import { applyConfiguration, managerNameOf } from "../core/managed-fields/mod.ts";
import { decodeApplyBody, decodePatch, patchTypeOf } from "../core/patch/mod.ts";
import { DELETE_OPTIONS_SCHEMA, withoutProtobuf } from "../core/protobuf/body.ts";
import { createObject } from "../core/registry/create.ts";
import { deleteCollection } from "../core/registry/delete-collection.ts";
import type { WriteContext, WriteOutcome, WriteTarget } from "../core/registry/environment.ts";
import { trackingOf } from "../core/registry/field-tracking.ts";
import { checkedMetadata } from "../core/registry/object-metadata.ts";
import { deleteObject } from "../core/registry/remove.ts";
import { objectOfBody, patchedObject } from "../core/registry/request-object.ts";
import { updateObject } from "../core/registry/update.ts";
import { deleteOptionsOfBody, deleteOptionsOfQuery, type DeleteOptions } from "../core/request/delete-options.ts";
import { parseListQuery } from "../core/request/list-options.ts";
import type { ResourceRequestInfo } from "../core/request/request-info.ts";
import { parseWriteQuery, type WriteKind, type WriteQuery } from "../core/request/write-options.ts";
import { parseSelection } from "../core/watch/selection.ts";
import { objectAnswer, pageNotFound } from "./answer.ts";
import type { ApiServer } from "./api-server.ts";
import { type Answer, type Exchange, header } from "./exchange.ts";
import { answerGet, answerList, formOf, renderObject, renderList } from "./read-handler.ts";
import { methodNotAllowed, refusalOf } from "./served-paths.ts";
import { answerWatch } from "./watch-handler.ts";

/** An exchange about a resource. */
export interface ResourceExchange extends Exchange {
  readonly info: ResourceRequestInfo;
}

/** Answers a request under `/api/<version>` or `/apis/<group>/<version>`. */
export async function answerResource(server: ApiServer, exchange: ResourceExchange): Promise<Answer> {
  const { info } = exchange;
  const definition = server.table.find(info.group, info.version, info.resource);
  if (definition === undefined) return unknownResource(server, exchange);
  const special = server.special.get(specialKey(info));
  if (special !== undefined) {
    const body = await readRequestBody(exchange.request, server.limits.bodySizeBytesMax);
    return special(exchange, definition, body);
  }
  const refused = refusalOf(definition, info);
  if (refused === "page") return pageNotFound();
  if (refused !== undefined) throw refused;
  switch (info.verb) {
    case "get":
      return answerGet(server, exchange, definition);
    case "list":
      return answerList(server, exchange, definition);
    case "watch":
      return answerWatch(server, exchange, definition);
    case "create":
      return answerCreate(server, exchange, definition);
    case "update":
      return answerUpdate(server, exchange, definition);
    case "patch":
      return answerPatch(server, exchange, definition);
    case "delete":
      return answerDelete(server, exchange, definition);
    case "deletecollection":
      return answerDeleteCollection(server, exchange, definition);
    case "proxy":
    case "":
      throw methodNotAllowed();
  }
}

function specialKey(info: ResourceRequestInfo): string {
  const key = `${info.group}/${info.resource}`;
  return info.subresource === "" ? key : `${key}/${info.subresource}`;
}

/** Groups of built-in kinds answer with a Status, others with a page of text. */
function unknownResource(server: ApiServer, exchange: ResourceExchange): Answer {
  const { group } = exchange.info;
  const isBuiltIn = server.table.definitions.some((one) => one.group === group && one.builtIn);
  if (!isBuiltIn) return pageNotFound();
  throw new StatusError(pathNotFoundStatus());
}

/** Where a write goes. */
function targetOf(definition: ResourceDefinition, info: ResourceRequestInfo): WriteTarget {
  const namespace = definition.namespaced ? info.namespace : "";
  return { definition, namespace, name: info.name, subresource: info.subresource };
}

function contextOf(exchange: Exchange, query: WriteQuery): WriteContext {
  const manager = managerNameOf(query.fieldManager, header(exchange, "user-agent"));
  return { dryRun: query.dryRun, manager, user: exchange.user, warnings: exchange.warnings };
}

function readBody(server: ApiServer, exchange: Exchange): Promise<Uint8Array> {
  return readRequestBody(exchange.request, server.limits.bodySizeBytesMax);
}

async function answerCreate(
  server: ApiServer,
  exchange: ResourceExchange,
  definition: ResourceDefinition,
): Promise<Answer> {
  const form = formOf(exchange);
  const { query, bytes } = await readWrite(server, exchange, "CreateOptions");
  const { fieldValidation } = query;
  const contentType = header(exchange, "content-type");
  const object = objectOfBody(definition, { bytes, contentType, fieldValidation, warnings: exchange.warnings });
  const target = targetOf(definition, exchange.info);
  const outcome = await createObject(
    server.environment,
    target,
    { object, tracked: false },
    contextOf(exchange, query),
  );
  return renderObject(server, exchange, { definition, form, status: 201, object: outcome.object });
}

async function readWrite(
  server: ApiServer,
  exchange: Exchange,
  kind: WriteKind,
): Promise<{ readonly query: WriteQuery; readonly bytes: Uint8Array }> {
  const bytes = await readBody(server, exchange);
  return { query: parseWriteQuery(exchange.query, kind), bytes };
}

async function answerUpdate(
  server: ApiServer,
  exchange: ResourceExchange,
  definition: ResourceDefinition,
): Promise<Answer> {
  const form = formOf(exchange);
  const { query, bytes } = await readWrite(server, exchange, "UpdateOptions");
  const { fieldValidation } = query;
  const contentType = header(exchange, "content-type");
  const object = objectOfBody(definition, { bytes, contentType, fieldValidation, warnings: exchange.warnings });
  const input = {
    change: () => object,
    uid: object.metadata.uid,
    createMissing: definition.allowCreateOnUpdate,
    tracked: false,
  };
  const target = targetOf(definition, exchange.info);
  const outcome = await updateObject(server.environment, target, input, contextOf(exchange, query));
  return renderWritten(server, exchange, { definition, form, outcome });
}

function renderWritten(
  server: ApiServer,
  exchange: ResourceExchange,
  written: {
    readonly definition: ResourceDefinition;
    readonly form: ReturnType<typeof formOf>;
    readonly outcome: WriteOutcome;
  },
): Answer {
  const { definition, form, outcome } = written;
  const status = outcome.created ? 201 : 200;
  return renderObject(server, exchange, { definition, form, status, object: outcome.object });
}

async function answerPatch(
  server: ApiServer,
  exchange: ResourceExchange,
  definition: ResourceDefinition,
): Promise<Answer> {
  const type = orThrow(patchTypeOf(header(exchange, "content-type"), { strategic: definition.builtIn }));
  const form = formOf(exchange);
  if (type === "apply") return answerApply(server, exchange, definition);
  const { query, bytes } = await readWrite(server, exchange, "PatchOptions");
  const patch = orThrow(decodePatch(type, bytes, { strict: query.fieldValidation !== "Ignore" }));
  const input = {
    change: (live: ApiObject | undefined): ApiObject => {
      const judging = { fieldValidation: query.fieldValidation, warnings: exchange.warnings };
      return patchedObject(definition, live ?? missing(definition, exchange), patch, judging);
    },
    uid: undefined,
    createMissing: false,
    tracked: false,
  };
  const target = targetOf(definition, exchange.info);
  const outcome = await updateObject(server.environment, target, input, contextOf(exchange, query));
  return renderWritten(server, exchange, { definition, form, outcome });
}

function missing(definition: ResourceDefinition, exchange: ResourceExchange): never {
  const resource = { group: definition.group, resource: definition.plural };
  throw new StatusError(notFoundStatus(resource, exchange.info.name));
}

async function answerApply(
  server: ApiServer,
  exchange: ResourceExchange,
  definition: ResourceDefinition,
): Promise<Answer> {
  const form = formOf(exchange);
  const { query, bytes } = await readWrite(server, exchange, "ApplyOptions");
  const decoded = orThrow(decodeApplyBody(bytes, { strict: query.fieldValidation !== "Ignore" }));
  const applied = { ...decoded.object, metadata: checkedMetadata(definition, decoded.object) };
  const { environment } = server;
  const target = targetOf(definition, exchange.info);
  const context = contextOf(exchange, query);
  const { kind } = definition;
  const strict = judgeStrictness(query.fieldValidation, decoded.strictErrors, { kind: "apply" });
  exchange.warnings.push(...orThrow(strict));
  const tracking = { ...trackingOf(environment, target, context.manager), kind, force: query.force };
  const input = {
    change: (live: ApiObject | undefined): ApiObject =>
      orThrow(applyConfiguration(live, applied, tracking)) as ApiObject,
    uid: undefined,
    createMissing: target.subresource === "",
    tracked: true,
  };
  const outcome = await updateObject(environment, target, input, context);
  return renderWritten(server, exchange, { definition, form, outcome });
}

async function answerDelete(
  server: ApiServer,
  exchange: ResourceExchange,
  definition: ResourceDefinition,
): Promise<Answer> {
  const form = formOf(exchange);
  const options = await readDeleteOptions(server, exchange);
  const outcome = await deleteObject(server.environment, targetOf(definition, exchange.info), options);
  const status = !outcome.deleted && options.orphanDependents === false ? 202 : 200;
  const { answer } = outcome;
  if (answer.kind === "status") return objectAnswer(200, answer.status, form);
  return renderObject(server, exchange, { definition, form, status, object: answer.object });
}

async function readDeleteOptions(server: ApiServer, exchange: Exchange): Promise<DeleteOptions> {
  const sent = { bytes: await readBody(server, exchange), contentType: header(exchange, "content-type") };
  if (sent.bytes.length === 0) return deleteOptionsOfQuery(exchange.query);
  const { bytes, contentType } = withoutProtobuf(sent, DELETE_OPTIONS_SCHEMA);
  const mediaType = orThrow(bodyMediaType(contentType));
  const decoded = decodeText(bytes, { mediaType, findDuplicates: false });
  if (!decoded.ok) throw new StatusError(badRequestStatus(decoded.error));
  const { value } = decoded.value;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new StatusError(badRequestStatus("decoded object cannot be converted to DeleteOptions"));
  }
  return deleteOptionsOfBody(value as { readonly [member: string]: unknown });
}

async function answerDeleteCollection(
  server: ApiServer,
  exchange: ResourceExchange,
  definition: ResourceDefinition,
): Promise<Answer> {
  const form = formOf(exchange);
  const query = parseListQuery(exchange.query, false);
  const { namespace, name } = exchange.info;
  const { labelSelector, fieldSelector } = query;
  const selection = parseSelection(definition, { namespace, name, labelSelector, fieldSelector });
  const options = await readDeleteOptions(server, exchange);
  const result = await deleteCollection(server.environment, selection, query, options);
  return renderList(server, exchange, { definition, form, result });
}
