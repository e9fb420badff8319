// Reviews: questions about users and rights that are answered on the spot (authentication.k8s.io/v1, authorization.k8s.io/v1).
import {
  type ApiObject,
  type FieldError,
  invalid,
  isJsonObject,
  type JsonObject,
  type ResourceDefinition,
} from "@coracle/api";
import { formatTime } from "@coracle/base";
import { badRequestStatus, StatusError } from "@coracle/kube";
import type { AccessAttributes } from "../core/auth/authorization.ts";
import type { UserInfo } from "../core/registry/environment.ts";
import { invalidError } from "../core/failure.ts";
import { managerNameOf, trackUpdate } from "../core/managed-fields/mod.ts";
import { trackingOf } from "../core/registry/field-tracking.ts";
import { objectOfBody } from "../core/registry/request-object.ts";
import { parseWriteQuery } from "../core/request/write-options.ts";
import { objectAnswer } from "./answer.ts";
import type { ApiServer, SpecialHandler } from "./api-server.ts";
import { type Exchange, header } from "./exchange.ts";
import { formOf } from "./read-handler.ts";
import { methodNotAllowed } from "./served-paths.ts";
import { DEFAULT_AUDIENCES } from "./service-account-tokens.ts";
import type { TokenAuthentication } from "./token-authentication.ts";

const AUTHENTICATION = "authentication.k8s.io";
const AUTHORIZATION = "authorization.k8s.io";

type StatusOf = (exchange: Exchange, spec: JsonObject) => Promise<JsonObject>;

/** The handlers of all reviews. `server` is asked at the time of a request. */
export function reviewHandlers(server: () => ApiServer, tokens: TokenAuthentication): Map<string, SpecialHandler> {
  const access: StatusOf = (_exchange, spec) => {
    const user = userOfSpec(spec);
    if (user.name === "" && user.groups.length === 0) {
      throw invalidReview(invalid("spec.user", "", "at least one of user or group must be specified"));
    }
    return decideFor(server(), user, spec);
  };
  return new Map([
    [`${AUTHENTICATION}/tokenreviews`, review(server, (_exchange, spec) => tokenStatus(tokens, spec))],
    [
      `${AUTHENTICATION}/selfsubjectreviews`,
      review(server, async ({ user }) => ({ userInfo: userInfoOf(user) }), true),
    ],
    [`${AUTHORIZATION}/subjectaccessreviews`, review(server, access)],
    [`${AUTHORIZATION}/localsubjectaccessreviews`, review(server, access)],
    [`${AUTHORIZATION}/selfsubjectaccessreviews`, review(server, ({ user }, spec) => decideFor(server(), user, spec))],
    [`${AUTHORIZATION}/selfsubjectrulesreviews`, review(server, ({ user }) => rulesOf(server(), user))],
  ]);
}

/** A review as a handler: reads the object, puts the status in, answers 201. */
function review(server: () => ApiServer, statusOf: StatusOf, dated = false): SpecialHandler {
  return async (exchange, definition, bytes) => {
    if (exchange.info.verb !== "create") throw methodNotAllowed();
    const form = formOf(exchange);
    const { fieldManager, fieldValidation } = parseWriteQuery(exchange.query, "CreateOptions");
    const object = readReview(exchange, definition, { bytes, fieldValidation });
    const spec = isJsonObject(object["spec"]) ? object["spec"] : {};
    const status = await statusOf(exchange, spec);
    const target = { definition, namespace: "", name: "", subresource: "" };
    const manager = managerNameOf(fieldManager, header(exchange, "user-agent"));
    const tracked = trackUpdate(undefined, object, trackingOf(server().environment, target, manager));
    const created = { creationTimestamp: formatTime(server().clock.wallMs()) };
    const metadata = dated ? { ...object.metadata, ...created } : (tracked["metadata"] ?? {});
    return objectAnswer(201, { ...tracked, metadata, status }, form);
  };
}

function readReview(
  exchange: Exchange,
  definition: ResourceDefinition,
  body: { readonly bytes: Uint8Array; readonly fieldValidation: "Ignore" | "Warn" | "Strict" },
): ApiObject {
  const contentType = header(exchange, "content-type");
  return objectOfBody(definition, { ...body, contentType, warnings: exchange.warnings });
}

async function tokenStatus(tokens: TokenAuthentication, spec: JsonObject): Promise<JsonObject> {
  const token = text(spec["token"]);
  if (token === "") throw new StatusError(badRequestStatus("token is required for TokenReview in authentication"));
  const asked = Array.isArray(spec["audiences"]) ? spec["audiences"].filter((one) => typeof one === "string") : [];
  const verdict = await tokens.check(token, asked.length === 0 ? DEFAULT_AUDIENCES : asked);
  if (verdict === undefined) return { user: {}, error: "the token is not valid for this server" };
  const groups = [...verdict.user.groups, "system:authenticated"];
  return { authenticated: true, user: userInfoOf({ ...verdict.user, groups }), audiences: verdict.audiences };
}

function userInfoOf(user: UserInfo): JsonObject {
  return {
    username: user.name,
    ...(user.uid === "" ? {} : { uid: user.uid }),
    groups: user.groups,
    ...(Object.keys(user.extra).length === 0 ? {} : { extra: user.extra }),
  };
}

function userOfSpec(spec: JsonObject): UserInfo {
  const groups = Array.isArray(spec["groups"]) ? spec["groups"].filter((one) => typeof one === "string") : [];
  return { name: text(spec["user"]), uid: text(spec["uid"]), groups, extra: {} };
}

function invalidReview(error: FieldError): StatusError {
  const { status } = invalidError({ group: AUTHORIZATION, kind: "" }, "", [error]);
  return new StatusError({ ...status, details: { group: AUTHORIZATION, causes: status.details?.causes ?? [] } });
}

async function decideFor(server: ApiServer, user: UserInfo, spec: JsonObject): Promise<JsonObject> {
  if (isJsonObject(spec["resourceAttributes"]) === isJsonObject(spec["nonResourceAttributes"])) {
    const why = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
    throw invalidReview(invalid("spec.resourceAttributes", null, why));
  }
  const decision = await server.authorizer.authorize(user, attributesOf(spec));
  return { allowed: decision.allowed, ...(decision.reason === "" ? {} : { reason: decision.reason }) };
}

function attributesOf(spec: JsonObject): AccessAttributes {
  const resource = isJsonObject(spec["resourceAttributes"]) ? spec["resourceAttributes"] : undefined;
  const path = isJsonObject(spec["nonResourceAttributes"]) ? spec["nonResourceAttributes"] : {};
  const from = resource ?? {};
  return {
    verb: text(resource === undefined ? path["verb"] : from["verb"]),
    group: text(from["group"]),
    version: text(from["version"]),
    resource: text(from["resource"]),
    subresource: text(from["subresource"]),
    namespace: text(from["namespace"]),
    name: text(from["name"]),
    path: resource === undefined ? text(path["path"]) : undefined,
  };
}

/** What the local rules say, in the form `kubectl auth can-i --list` prints. */
async function rulesOf(server: ApiServer, user: UserInfo): Promise<JsonObject> {
  const all = { verb: "*", group: "*", version: "*", resource: "*", subresource: "", namespace: "", name: "" };
  const { allowed } = await server.authorizer.authorize(user, { ...all, path: undefined });
  return {
    resourceRules: allowed ? [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }] : [],
    nonResourceRules: [
      {
        verbs: ["get"],
        nonResourceURLs: [
          "/api",
          "/api/*",
          "/apis",
          "/apis/*",
          "/healthz",
          "/livez",
          "/openapi",
          "/openapi/*",
          "/readyz",
          "/version",
        ],
      },
    ],
    incomplete: false,
  };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
