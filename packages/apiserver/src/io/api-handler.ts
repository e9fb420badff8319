// The way of a request through the server: in-flight cap, who, may they, what; and one place that turns failures into answers.
import {
  badRequestStatus,
  forbiddenStatus,
  internalErrorStatus,
  type KubeStatus,
  requestEntityTooLargeStatus,
  StatusError,
  timeoutStatus,
  tooManyRequestsStatus,
  unauthorizedStatus,
} from "@coracle/kube";
import { parseDuration, type RequestContext, type ServiceHandler } from "@coracle/lifecycle";
import { BodyTooLargeError, startTimer, uuid } from "@coracle/runtime";
import { StoreError } from "@coracle/store";
import { type AccessAttributes, forbiddenSentence } from "../core/auth/authorization.ts";
import { parseImpersonation } from "../core/auth/impersonation.ts";
import type { UserInfo } from "../core/registry/environment.ts";
import { negotiate, wantsPretty } from "../core/request/negotiation.ts";
import { parseRequestInfo, type RequestInfo } from "../core/request/request-info.ts";
import { type Form, PLAIN_FORM, statusAnswer, warningHeader } from "./answer.ts";
import type { ApiServer } from "./api-server.ts";
import { type Answer, type Exchange, splitUrl } from "./exchange.ts";
import { answerNonResource } from "./non-resource-handler.ts";
import { answerResource } from "./resource-handler.ts";

/** Makes the handler of the API listener. */
export function createApiHandler(server: ApiServer): ServiceHandler {
  return async (request, context) => {
    const startedMs = server.clock.now();
    const { path, query } = splitUrl(request.url);
    const info = parseRequestInfo(request.method, path, query);
    const pretty = wantsPretty(query, request.headers.get("user-agent") ?? undefined);
    const form: Form = { mediaType: failureMediaType(request), pretty };
    const answer = await guarded(server, { request, path, query, info, context, pretty, form });
    const resource = info.kind === "resource" ? resourceLabel(info) : "";
    const seconds = (server.clock.now() - startedMs) / 1000;
    server.events.onAnswer({ verb: info.verb, resource, code: answer.status, seconds });
    return answer;
  };
}

/** Failures are told in YAML to who asks for it; an Accept header that cannot be met must not hide them. */
function failureMediaType(request: Request): Form["mediaType"] {
  const accept = request.headers.get("accept") ?? "";
  if (!accept.includes("yaml")) return PLAIN_FORM.mediaType;
  try {
    return negotiate(accept).mediaType;
  } catch {
    return PLAIN_FORM.mediaType;
  }
}

function resourceLabel(info: Extract<RequestInfo, { kind: "resource" }>): string {
  return info.subresource === "" ? info.resource : `${info.resource}/${info.subresource}`;
}

interface Arrival {
  readonly request: Request;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly info: RequestInfo;
  readonly context: RequestContext;
  readonly pretty: boolean;
  readonly form: Form;
}

const WRITE_METHODS: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH", "DELETE"]);

async function guarded(server: ApiServer, arrival: Arrival): Promise<Answer> {
  const leave = server.inFlight.enter(WRITE_METHODS.has(arrival.request.method));
  if (leave === undefined) {
    const text = "the server has received too many requests and has asked us to try again later";
    return withAuditId(statusAnswer(tooManyRequestsStatus(text, 1), arrival.form));
  }
  const warnings: string[] = [];
  try {
    const answer = await withinTime(arrival, serve(server, arrival, warnings));
    return withAuditId(withWarnings(answer, warnings));
  } catch (error) {
    const failed = statusAnswer(statusOf(server, arrival, error), arrival.form);
    return withAuditId(withWarnings(failed, warnings));
  } finally {
    leave();
  }
}

/** Longest time an answer may take before it begins; `timeout` in the query can shorten it. Watches begin at once. */
const REQUEST_TIMEOUT_MS = 60_000;

/** The answer, or 504 when it takes too long: the work may still be done. */
async function withinTime(arrival: Arrival, answer: Promise<Answer>): Promise<Answer> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = startTimer(timeoutOf(arrival), () => {
    reject(new StatusError(timeoutStatus("request did not complete within the allotted timeout", 0)));
  });
  try {
    return await Promise.race([answer, promise]);
  } finally {
    timer.cancel();
    // Whoever loses the race must not be an unhandled rejection.
    answer.catch(() => undefined);
    promise.catch(() => undefined);
  }
}

function timeoutOf({ query, info }: Arrival): number {
  const asked = query.get("timeout");
  if (asked === null || asked === "" || info.verb === "watch") return REQUEST_TIMEOUT_MS;
  const parsed = parseDuration(asked);
  if (!parsed.ok) throw new StatusError(badRequestStatus("invalid timeout specified in the request URL"));
  return parsed.value > 0 ? Math.min(parsed.value, REQUEST_TIMEOUT_MS) : REQUEST_TIMEOUT_MS;
}

async function serve(server: ApiServer, arrival: Arrival, warnings: string[]): Promise<Answer> {
  const { request, info, context } = arrival;
  const caller = await server.authenticator.authenticate(request, context.peer);
  if (caller === undefined) throw new StatusError(unauthorizedStatus());
  const user = await impersonated(server, request, caller);
  const attributes = attributesOf(info);
  const decision = await server.authorizer.authorize(user, attributes);
  const exchange: Exchange = { ...arrival, user, warnings };
  if (!decision.allowed) throw new StatusError(forbiddenFor(exchange, attributes, decision.reason));
  return info.kind === "resource" ? answerResource(server, { ...exchange, info }) : answerNonResource(server, exchange);
}

const IMPERSONATION_HEADERS = ["impersonate-user", "impersonate-group", "impersonate-uid"];

/** Whom the request is to be judged as: who sent it, or whom it asks to act as and may. */
async function impersonated(server: ApiServer, request: Request, caller: UserInfo): Promise<UserInfo> {
  if (!IMPERSONATION_HEADERS.some((name) => request.headers.has(name))) return caller;
  const asked = parseImpersonation({ entries: request.headers.entries() });
  if (asked === undefined) return caller;
  if (typeof asked === "string") throw new StatusError(badRequestStatus(asked));
  for (const right of asked.needed) {
    const { allowed, reason } = await server.authorizer.authorize(caller, right);
    if (allowed) continue;
    const sentence = forbiddenSentence(caller, right);
    const why = reason === "" ? sentence : `${sentence}: ${reason}`;
    throw new StatusError(forbiddenStatus({ group: right.group, resource: right.resource }, right.name, why));
  }
  return asked.user;
}

function attributesOf(info: RequestInfo): AccessAttributes {
  if (info.kind === "resource") {
    const { verb, group, version, resource, subresource, namespace, name } = info;
    return { verb, group, version, resource, subresource, namespace, name, path: undefined };
  }
  const none = { group: "", version: "", resource: "", subresource: "", namespace: "", name: "" };
  return { verb: info.verb, ...none, path: info.path };
}

function forbiddenFor(exchange: Exchange, attributes: AccessAttributes, reason: string): KubeStatus {
  const sentence = forbiddenSentence(exchange.user, attributes);
  const why = reason === "" ? sentence : `${sentence}: ${reason}`;
  if (attributes.path !== undefined) {
    return { ...forbiddenStatus({ group: "", resource: "" }, "", why), message: `forbidden: ${why}`, details: {} };
  }
  return forbiddenStatus({ group: attributes.group, resource: attributes.resource }, attributes.name, why);
}

/** What a failure is to the client; what it does not tell goes to the log. */
function statusOf(server: ApiServer, arrival: Arrival, error: unknown): KubeStatus {
  if (error instanceof StatusError) return error.status;
  if (error instanceof BodyTooLargeError) {
    return requestEntityTooLargeStatus(`limit is ${server.limits.bodySizeBytesMax}`);
  }
  if (error instanceof StoreError) return statusOfStoreError(server, arrival, error);
  if (arrival.request.signal.aborted) return internalErrorStatus("the client has gone");
  server.log.error("Request failed", { method: arrival.request.method, path: arrival.path, error });
  return internalErrorStatus("the request could not be served; see the server's log");
}

function statusOfStoreError(server: ApiServer, arrival: Arrival, error: StoreError): KubeStatus {
  switch (error.code) {
    case "OVERLOADED":
      return tooManyRequestsStatus("the store has too many writes waiting", 1);
    case "BAD_INPUT":
      return requestEntityTooLargeStatus(error.message);
    case "NO_SPACE":
      server.log.error("The store has no space left", { error });
      return internalErrorStatus("the store has no space left");
    case "COMPACTED":
    case "FUTURE_REVISION":
    case "SLOW":
    case "CLOSED":
    case "LOCKED":
    case "CORRUPT":
    case "NOT_WRITABLE":
    case "REVISION_OVERFLOW":
    case "BACKEND":
      server.log.error("The store failed", { path: arrival.path, error });
      return internalErrorStatus(`the store failed: ${error.code}`);
  }
}

function withAuditId(answer: Answer): Answer {
  return withHeader(answer, "audit-id", uuid());
}

function withWarnings(answer: Answer, warnings: readonly string[]): Answer {
  const value = warningHeader(warnings);
  return value === undefined ? answer : withHeader(answer, "warning", value);
}

function withHeader(answer: Answer, name: string, value: string): Answer {
  if (answer instanceof Response) {
    answer.headers.set(name, value);
    return answer;
  }
  return { ...answer, headers: { ...answer.headers, [name]: value } };
}
