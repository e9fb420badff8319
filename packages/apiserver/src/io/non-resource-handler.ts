// Paths that name no resource: discovery, OpenAPI, the list of paths.
import { pathNotFoundStatus, StatusError } from "@coracle/kube";
import { sha256, sha512 } from "@coracle/runtime";
import {
  AGGREGATED_DISCOVERY_TYPE,
  aggregatedDiscovery,
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
  etagOf,
  negotiateDiscovery,
} from "../core/discovery/mod.ts";
import { negotiate } from "../core/request/negotiation.ts";
import { splitPath } from "../core/request/request-info.ts";
import { BASE_HEADERS, objectAnswer, pageNotFound } from "./answer.ts";
import type { ApiServer } from "./api-server.ts";
import { type Answer, type Exchange, header } from "./exchange.ts";
import { answerOpenApi } from "./openapi-handler.ts";
import { methodNotAllowed } from "./served-paths.ts";

/** Answers `/`, `/api…`, `/apis…` and `/openapi…`. */
export async function answerNonResource(server: ApiServer, exchange: Exchange): Promise<Answer> {
  const method = exchange.request.method;
  const parts = splitPath(exchange.path);
  if (parts.length > 0 && !KNOWN_ROOTS.has(parts[0] ?? "")) return pageNotFound();
  if (method !== "GET" && method !== "HEAD") throw methodNotAllowed();
  if (parts[0] === "metrics") return answerMetrics(server);
  if (parts[0] === "openapi") return answerOpenApi(server, exchange, parts);
  if (parts.length === 1) return answerRoot(server, exchange, parts[0] === "api" ? "legacy" : "groups");
  const document = documentOf(server, exchange, parts);
  if (document !== undefined) return objectAnswer(200, document, formOf(exchange));
  if (parts[0] === "api") throw new StatusError(pathNotFoundStatus());
  return pageNotFound();
}

const KNOWN_ROOTS: ReadonlySet<string> = new Set(["api", "apis", "openapi", "metrics"]);

async function answerMetrics(server: ApiServer): Promise<Answer> {
  const { text, contentType } = await server.exposeMetrics();
  return { status: 200, headers: { ...BASE_HEADERS, "content-type": contentType }, body: text };
}

function formOf(exchange: Exchange): {
  readonly mediaType: "application/json" | "application/yaml";
  readonly pretty: boolean;
} {
  return { mediaType: negotiate(header(exchange, "accept")).mediaType, pretty: exchange.pretty };
}

function documentOf(server: ApiServer, exchange: Exchange, parts: readonly string[]): object | undefined {
  const { definitions } = server.table;
  const [root, first = "", second = ""] = parts;
  if (root === undefined) return { paths: pathsOf(server) };
  if (root === "api")
    return parts.length === 2
      ? apiResourceList(definitions, { group: "", version: first, storageVersionHash })
      : undefined;
  if (parts.length === 2) return apiGroup(definitions, first);
  return parts.length === 3
    ? apiResourceList(definitions, { group: first, version: second, storageVersionHash })
    : undefined;
}

/** Eight bytes of the SHA-256 of what is stored, base64 (apiserver discovery StorageVersionHash). */
function storageVersionHash(groupVersionKind: string): string {
  return btoa(String.fromCharCode(...sha256(groupVersionKind).subarray(0, 8)));
}

function pathsOf(server: ApiServer): string[] {
  const paths = new Set([
    "/api",
    "/apis",
    "/healthz",
    "/livez",
    "/metrics",
    "/openapi/v2",
    "/openapi/v3",
    "/readyz",
    "/version",
  ]);
  for (const { group, version } of server.table.definitions) {
    if (group === "") paths.add(`/api/${version}`);
    else paths.add(`/apis/${group}`).add(`/apis/${group}/${version}`);
  }
  return [...paths].sort();
}

/** `/api` and `/apis`, plain or aggregated. */
function answerRoot(server: ApiServer, exchange: Exchange, of: "legacy" | "groups"): Answer {
  const { definitions } = server.table;
  if (negotiateDiscovery(header(exchange, "accept")) === "plain") {
    const document =
      of === "legacy" ? apiVersions(exchange.request.headers.get("host") ?? "") : apiGroupList(definitions);
    return objectAnswer(200, document, formOf(exchange));
  }
  const body = new TextEncoder().encode(`${JSON.stringify(aggregatedDiscovery(definitions, of))}\n`);
  const etag = etagOf(sha512(body));
  const headers = { ...BASE_HEADERS, "cache-control": "public", vary: "Accept", etag };
  if (exchange.request.headers.get("if-none-match") === etag) return { status: 304, headers };
  return { status: 200, headers: { ...headers, "content-type": AGGREGATED_DISCOVERY_TYPE }, body };
}
