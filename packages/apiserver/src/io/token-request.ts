// serviceaccounts/token: a bound, expiring token for a service account (authentication.k8s.io/v1 TokenRequest).
import {
  invalid,
  isJsonObject,
  type JsonObject,
  notSupported,
  type ResourceDefinition,
  type StructuralSchema,
} from "@coracle/api";
import { formatTime } from "@coracle/base";
import { badRequestStatus, conflictStatus, notFoundStatus, StatusError } from "@coracle/kube";
import { invalidError, orThrow } from "../core/failure.ts";
import { bodyMediaType, decodeText } from "../core/json/mod.ts";
import { type FieldTracking, managerNameOf, trackUpdate } from "../core/managed-fields/mod.ts";
import { trackingOf } from "../core/registry/field-tracking.ts";
import { withoutProtobuf } from "../core/protobuf/body.ts";
import { objectKey } from "../core/registry/resource-key.ts";
import { parseWriteQuery } from "../core/request/write-options.ts";
import type { StoredObject } from "../core/watch/stored-object.ts";
import { objectAnswer } from "./answer.ts";
import type { ApiServer, SpecialHandler } from "./api-server.ts";
import { header } from "./exchange.ts";
import { formOf } from "./read-handler.ts";
import { methodNotAllowed } from "./served-paths.ts";
import { type BoundObject, DEFAULT_AUDIENCES, type ServiceAccountTokens } from "./service-account-tokens.ts";

const EXPIRATION_SECONDS = 3600;
const EXPIRATION_SECONDS_MIN = 600;
const EXPIRATION_SECONDS_MAX = 365 * 24 * 3600;
const KIND = { group: "authentication.k8s.io", kind: "TokenRequest" };

/** The handler of `serviceaccounts/<name>/token`. */
export function tokenRequestHandler(server: () => ApiServer, tokens: ServiceAccountTokens): SpecialHandler {
  return async (exchange, definition, bytes) => {
    const { info } = exchange;
    if (info.kind !== "resource" || info.verb !== "create") throw methodNotAllowed();
    const form = formOf(exchange);
    const sent = { bytes, contentType: header(exchange, "content-type") };
    const read = withoutProtobuf(sent, tokenSchema(definition));
    const mediaType = orThrow(bodyMediaType(read.contentType));
    const decoded = decodeText(read.bytes, { mediaType, findDuplicates: false });
    const body = decoded.ok ? decoded.value.value : undefined;
    if (!isJsonObject(body)) throw new StatusError(badRequestStatus("the body is not a TokenRequest"));
    const account = server()
      .hub.cacheOf(definition)
      .get(objectKey(definition, info.namespace, info.name));
    if (account === undefined) {
      throw new StatusError(notFoundStatus({ group: "", resource: "serviceaccounts" }, info.name));
    }
    const wanted = specOf(body);
    const bound = boundObject(server(), info.namespace, wanted.bound);
    const issuedAt = Math.floor(server().clock.wallMs() / 1000);
    const expiresAt = issuedAt + wanted.seconds;
    const subject = { namespace: info.namespace, name: info.name, uid: account.metadata.uid ?? "" };
    const token = await tokens.sign({ subject, audiences: wanted.audiences, bound, issuedAt, expiresAt });
    const { fieldManager } = parseWriteQuery(exchange.query, "CreateOptions");
    const manager = managerNameOf(fieldManager, header(exchange, "user-agent"));
    const tracked = trackUpdate(undefined, { ...body, ...TYPE }, tokenTracking(server(), definition, manager));
    return objectAnswer(201, answerOf(tracked, account, { token, wanted, expiresAt }), form);
  };
}

const TYPE = { kind: "TokenRequest", apiVersion: "authentication.k8s.io/v1" } as const;

function tokenTracking(server: ApiServer, definition: ResourceDefinition, manager: string): FieldTracking {
  const target = { definition, namespace: "", name: "", subresource: "token" };
  const schema = tokenSchema(definition) ?? definition.schema;
  return { ...trackingOf(server.environment, target, manager), schema, apiVersion: TYPE.apiVersion, resetFields: [] };
}

function tokenSchema(definition: ResourceDefinition): StructuralSchema | undefined {
  return definition.subresources.others.find((one) => one.name === "token")?.schema;
}

interface Wanted {
  readonly audiences: readonly string[];
  readonly seconds: number;
  readonly bound: JsonObject | undefined;
}

function specOf(body: JsonObject): Wanted {
  const spec = isJsonObject(body["spec"]) ? body["spec"] : {};
  const asked = Array.isArray(spec["audiences"]) ? spec["audiences"].filter((one) => typeof one === "string") : [];
  const seconds = spec["expirationSeconds"] ?? EXPIRATION_SECONDS;
  if (typeof seconds !== "number" || seconds < EXPIRATION_SECONDS_MIN) {
    const text = "may not specify a duration less than 10 minutes";
    throw invalidError(KIND, "", [invalid("spec.expirationSeconds", seconds, text)]);
  }
  const bound = isJsonObject(spec["boundObjectRef"]) ? spec["boundObjectRef"] : undefined;
  return {
    audiences: asked.length === 0 ? DEFAULT_AUDIENCES : asked,
    seconds: Math.min(seconds, EXPIRATION_SECONDS_MAX),
    bound,
  };
}

/** The object a token is to live and die with; it must exist, with the uid given. */
function boundObject(server: ApiServer, namespace: string, reference: JsonObject | undefined): BoundObject | undefined {
  if (reference === undefined) return undefined;
  const { kind, name, uid } = reference;
  if (kind !== "Pod" && kind !== "Secret" && kind !== "Node") {
    throw invalidError(KIND, "", [notSupported("spec.boundObjectRef.kind", kind, ["Pod", "Secret", "Node"])]);
  }
  const resource = { group: "", resource: `${kind.toLowerCase()}s` };
  const cache = server.hub.find("", resource.resource);
  const place = kind === "Node" ? "" : `${namespace}/`;
  const wanted = typeof name === "string" ? name : "";
  const found = cache?.get(`${cache.prefix}${place}${wanted}`);
  if (found === undefined) throw new StatusError(notFoundStatus(resource, wanted));
  const foundUid = found.metadata.uid ?? "";
  if (typeof uid === "string" && uid !== "" && uid !== foundUid) {
    const why = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw new StatusError(conflictStatus(resource, wanted, why));
  }
  return { kind, name: wanted, uid: foundUid };
}

function answerOf(
  body: JsonObject,
  account: StoredObject,
  issued: { readonly token: string; readonly wanted: Wanted; readonly expiresAt: number },
): JsonObject {
  const { wanted } = issued;
  return {
    ...TYPE,
    metadata: {
      name: account.name,
      namespace: account.namespace,
      uid: account.metadata.uid,
      ...(isJsonObject(body["metadata"]) ? body["metadata"] : {}),
      creationTimestamp: formatTime((issued.expiresAt - wanted.seconds) * 1000),
    },
    spec: {
      audiences: wanted.audiences,
      expirationSeconds: wanted.seconds,
      boundObjectRef: wanted.bound ?? null,
    },
    status: { token: issued.token, expirationTimestamp: formatTime(issued.expiresAt * 1000) },
  };
}
