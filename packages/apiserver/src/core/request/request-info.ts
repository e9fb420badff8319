// What a request is about, read from method, path and query alone (Kubernetes API conventions, "verbs on resources").
import { parseFieldSelector, requiredFieldValue } from "@coracle/kube";
import { booleanParameter, type Query } from "./query.ts";

/** The verbs of the API. Non-resource requests use the lower-case HTTP method. */
export type ResourceVerb =
  "get" | "list" | "watch" | "create" | "update" | "patch" | "delete" | "deletecollection" | "proxy";

/** A request under `/api/<version>` or `/apis/<group>/<version>`. Empty strings stand for absent parts. */
export interface ResourceRequestInfo {
  readonly kind: "resource";
  readonly path: string;
  readonly verb: ResourceVerb | "";
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** The path after the namespace: resource, name, subresource and whatever follows. */
  readonly parts: readonly string[];
  /** True when the watch was asked by the old `/watch/` path prefix. */
  readonly watchByPath: boolean;
}

/** Everything else: discovery, OpenAPI, health, version, metrics. */
export interface NonResourceRequestInfo {
  readonly kind: "nonResource";
  readonly path: string;
  readonly verb: string;
}

/** Either form of request. */
export type RequestInfo = ResourceRequestInfo | NonResourceRequestInfo;

const NAMESPACE_SUBRESOURCES: ReadonlySet<string> = new Set(["status", "finalize"]);

const VERB_OF_METHOD: ReadonlyMap<string, ResourceVerb> = new Map([
  ["POST", "create"],
  ["GET", "get"],
  ["HEAD", "get"],
  ["PUT", "update"],
  ["PATCH", "patch"],
  ["DELETE", "delete"],
]);

/** Path segments, each percent-decoded; a segment that does not decode is kept as it came. */
export function splitPath(path: string): string[] {
  let start = 0;
  let end = path.length;
  while (start < end && path[start] === "/") start++;
  while (end > start && path[end - 1] === "/") end--;
  if (start === end) return [];
  const inner = path.slice(start, end);
  const parts = inner.split("/");
  return inner.includes("%") ? parts.map(decodeSegment) : parts;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Name that a field selector pins with `metadata.name=x`, if it is usable as a path segment. */
function nameOfFieldSelector(query: Query): string {
  const selector = query.get("fieldSelector");
  if (selector === null) return "";
  const parsed = parseFieldSelector(selector);
  const name = parsed.ok ? (requiredFieldValue(parsed.value, "metadata.name") ?? "") : "";
  return name === "." || name === ".." || /[/%]/.test(name) ? "" : name;
}

/** Classifies a request. `path` is the URL's path as received, still percent-encoded. */
export function parseRequestInfo(method: string, path: string, query: Query): RequestInfo {
  const parts = splitPath(path);
  const nonResource: NonResourceRequestInfo = {
    kind: "nonResource",
    path,
    verb: method.toLowerCase(),
  };
  const prefix = parts[0];
  if (prefix !== "api" && prefix !== "apis") return nonResource;
  const headSize = prefix === "api" ? 2 : 3;
  if (parts.length <= headSize) return nonResource;
  return parseResource({
    method,
    path,
    query,
    group: prefix === "api" ? "" : (parts[1] ?? ""),
    version: parts[headSize - 1] ?? "",
    rest: parts.slice(headSize),
  });
}

interface ResourcePath {
  readonly method: string;
  readonly path: string;
  readonly query: Query;
  readonly group: string;
  readonly version: string;
  readonly rest: readonly string[];
}

function parseResource(input: ResourcePath): RequestInfo {
  const special = (input.rest[0] === "watch" || input.rest[0] === "proxy") && input.rest.length > 1;
  const watchByPath = special && input.rest[0] === "watch";
  const byMethod = VERB_OF_METHOD.get(input.method) ?? "";
  const { namespace, parts } = withoutNamespace(special ? input.rest.slice(1) : input.rest);
  const given = parts[1] ?? "";
  const verb = special ? (watchByPath ? "watch" : "proxy") : verbOf(byMethod, given, input.query);
  const listed = !special && byMethod === "get" && given === "";
  return {
    kind: "resource",
    path: input.path,
    verb,
    group: input.group,
    version: input.version,
    namespace,
    resource: parts[0] ?? "",
    subresource: verb === "proxy" ? "" : (parts[2] ?? ""),
    name: listed ? nameOfFieldSelector(input.query) : given,
    parts,
    watchByPath,
  };
}

/** `namespaces/<ns>/<resource>…` without its first two parts; a namespace itself and its own subresources keep them. */
function withoutNamespace(rest: readonly string[]): { readonly namespace: string; readonly parts: readonly string[] } {
  if (rest[0] !== "namespaces" || rest.length < 2) return { namespace: "", parts: rest };
  const isNamespaceItself = rest.length === 2 || NAMESPACE_SUBRESOURCES.has(rest[2] ?? "");
  return { namespace: rest[1] ?? "", parts: isNamespaceItself ? rest : rest.slice(2) };
}

/** Without a name a get is a list or a watch, and a delete is one of a collection. */
function verbOf(byMethod: ResourceVerb | "", name: string, query: Query): ResourceVerb | "" {
  if (name !== "") return byMethod;
  if (byMethod === "get") return booleanParameter(query.get("watch")) ? "watch" : "list";
  return byMethod === "delete" ? "deletecollection" : byMethod;
}
