// What a request is about, read from method, path and query alone (Kubernetes API conventions, "verbs on resources").
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
  for (const term of selector.split(",")) {
    const match = /^metadata\.name={1,2}([^=].*)$/.exec(term);
    const name = match?.[1];
    if (name !== undefined && name !== "." && name !== ".." && !/[/%]/.test(name)) return name;
  }
  return "";
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
  let rest = input.rest;
  let verb: ResourceVerb | "" = VERB_OF_METHOD.get(input.method) ?? "";
  const special = rest[0] === "watch" || rest[0] === "proxy";
  if (special && rest.length > 1) {
    verb = rest[0] === "watch" ? "watch" : "proxy";
    rest = rest.slice(1);
  }
  let namespace = "";
  if (rest[0] === "namespaces" && rest.length > 1) {
    namespace = rest[1] ?? "";
    if (rest.length > 2 && !NAMESPACE_SUBRESOURCES.has(rest[2] ?? "")) rest = rest.slice(2);
  }
  let name = rest[1] ?? "";
  const subresource = verb === "proxy" ? "" : (rest[2] ?? "");
  if (name === "" && verb === "get") {
    verb = booleanParameter(input.query.get("watch")) ? "watch" : "list";
    name = nameOfFieldSelector(input.query);
  }
  if (name === "" && verb === "delete") verb = "deletecollection";
  return {
    kind: "resource",
    path: input.path,
    verb,
    group: input.group,
    version: input.version,
    namespace,
    resource: rest[0] ?? "",
    subresource,
    name,
    parts: rest,
    watchByPath: special && verb === "watch",
  };
}
