// Area "discovery": what clients learn of the server before they ask for objects. Only kinds both servers have are compared.
import { at, isList, isObject, type Json } from "../json.ts";
import { type Area, get, step } from "./step.ts";

const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const AGGREGATED_THEN_JSON = `${AGGREGATED},application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json`;
const OURS = "network.coracle.dev";

/** Core resources agents use; the real server has many more. */
const CORE = new Set(
  ["configmaps", "events", "namespaces", "nodes", "pods", "secrets", "serviceaccounts"].flatMap((name) => [
    name,
    `${name}/status`,
    `${name}/token`,
  ]),
);

/** Keeps of a list the items whose `name` field passes. */
function only(field: string, name: string, keep: (name: string) => boolean): (body: Json) => Json {
  return (body) => {
    if (!isObject(body)) return body;
    const list = body[field];
    if (!isList(list)) return body;
    const kept = list.filter((item) => {
      const value = at(item, name);
      return typeof value === "string" && keep(value);
    });
    return { ...body, [field]: kept.sort((a, b) => compareTexts(at(a, name), at(b, name))) };
  };
}

/** Discovery lists have no meaningful order: the real server's is that of its Go maps and of registration. */
function compareTexts(a: Json | undefined, b: Json | undefined): number {
  const [left, right] = [JSON.stringify(a ?? ""), JSON.stringify(b ?? "")];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Subresources that need a kubelet, a scheduler or a proxy are not ours to serve. */
function onlyOurSubresources(resource: Json): Json {
  const subresources = at(resource, "subresources");
  if (!isObject(resource) || !isList(subresources)) return resource;
  const kept = only("subresources", "subresource", (name) => name === "status" || name === "token")(resource);
  const { subresources: left, ...rest } = kept as { readonly [name: string]: Json };
  return isList(left) && left.length > 0 ? { ...rest, subresources: left } : rest;
}

/** Of the aggregated form: the core group with the core resources. */
function onlyCoreAggregated(body: Json): Json {
  if (!isObject(body) || !isList(body["items"])) return body;
  const items = body["items"].map((item) => {
    const versions = at(item, "versions");
    if (!isObject(item) || !isList(versions)) return item;
    return { ...item, versions: versions.map(onlyCoreResources) };
  });
  return { ...body, items };
}

function onlyCoreResources(version: Json): Json {
  const kept = only("resources", "resource", (name) => CORE.has(name))(version);
  const resources = at(kept, "resources");
  if (!isObject(kept) || !isList(resources)) return kept;
  return { ...kept, resources: resources.map(onlyOurSubresources) };
}

/** Of an OpenAPI v3 document of one version: which paths with which verbs, and what PATCH takes. */
function openApiShape(body: Json): Json {
  const paths = at(body, "paths");
  if (!isObject(paths)) return body;
  const shape: Record<string, Json> = {};
  for (const [path, operations] of Object.entries(paths)) {
    if (!isObject(operations) || path.includes("/watch/") || path === `/apis/${OURS}/v1alpha1/`) continue;
    for (const [verb, operation] of Object.entries(operations)) {
      if (!isObject(operation) || verb === "parameters") continue;
      const body = at(operation, "requestBody.content");
      shape[`${verb} ${path}`] = {
        kind: operation["x-kubernetes-group-version-kind"] ?? null,
        action: operation["x-kubernetes-action"] ?? null,
        takes: isObject(body) ? Object.keys(body).sort() : [],
        parameters: parameterNames(operation["parameters"]),
      };
    }
  }
  return shape;
}

function parameterNames(parameters: Json | undefined): Json {
  if (!isList(parameters)) return [];
  return parameters.map((one) => JSON.stringify(at(one, "name"))).sort();
}

/** The schema of one definition, without the shared definitions it refers to. */
function schemaOf(definition: string): (body: Json) => Json {
  return (body) => {
    const schemas = at(body, "components.schemas");
    return isObject(schemas) ? (schemas[definition] ?? null) : null;
  };
}

/** Of `/version`: what Kubernetes has always had; newer releases add more. */
function versionMembers(body: Json): Json {
  const names = ["major", "minor", "gitVersion", "gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler"];
  return isObject(body) ? names.map((name) => [name, typeof body[name]]) : body;
}

/** Discovery. */
export const discovery: Area = {
  name: "discovery",
  about: "group and resource lists in both forms, OpenAPI, version, health",
  steps: [
    step("api", get("/api"), {
      pick: (body) => (isObject(body) ? { ...body, serverAddressByClientCIDRs: "<address>" } : body),
    }),
    step("apis", get("/apis"), {
      pick: only("groups", "name", (name) => name === OURS || name === "coordination.k8s.io"),
    }),
    step("group", get(`/apis/${OURS}`)),
    step("resources", get(`/apis/${OURS}/v1alpha1`), { pick: only("resources", "name", () => true) }),
    step("core-resources", get("/api/v1"), { pick: only("resources", "name", (name) => CORE.has(name)) }),
    step("lease-resources", get("/apis/coordination.k8s.io/v1"), {
      pick: only("resources", "name", (name) => name === "leases"),
    }),
    step("apis-aggregated", get("/apis", { accept: AGGREGATED }), {
      pick: only("items", "metadata.name", (name) => name === OURS),
    }),
    step("api-aggregated", get("/api", { accept: AGGREGATED }), { pick: onlyCoreAggregated }),
    step("apis-kubectl", get("/apis", { accept: AGGREGATED_THEN_JSON }), {
      pick: only("items", "metadata.name", (name) => name === OURS),
    }),
    step(
      "apis-unknown-form",
      get("/apis", { accept: "application/json;g=apidiscovery.k8s.io;v=v9;as=APIGroupDiscoveryList" }),
    ),
    step("unknown-group", get("/apis/example.com")),
    step("unknown-group-version", get(`/apis/${OURS}/v9`)),
    step("openapi-v3-index", get("/openapi/v3"), {
      pick: (body) => {
        const path = at(body, "paths");
        return isObject(path)
          ? { listed: path[`apis/${OURS}/v1alpha1`] !== undefined && path["api/v1"] !== undefined }
          : body;
      },
    }),
    step("openapi-v3-paths", get(`/openapi/v3/apis/${OURS}/v1alpha1`), { pick: openApiShape }),
    step("openapi-v3-subnet", get(`/openapi/v3/apis/${OURS}/v1alpha1`), {
      pick: schemaOf("dev.coracle.network.v1alpha1.Subnet"),
    }),
    step("openapi-v3-attachment", get(`/openapi/v3/apis/${OURS}/v1alpha1`), {
      pick: schemaOf("dev.coracle.network.v1alpha1.NetworkAttachment"),
    }),
    step("openapi-v3-unknown", get("/openapi/v3/apis/example.com/v1")),
    step("openapi-v2", get("/openapi/v2"), {
      pick: (body) => (isObject(body) ? { swagger: body["swagger"] ?? null } : body),
    }),
    step("version", get("/version"), { pick: versionMembers }),
    step("livez", get("/livez", { accept: "*/*" })),
    step("readyz", get("/readyz", { accept: "*/*" })),
    step("healthz", get("/healthz", { accept: "*/*" })),
    step("livez-unknown-check", get("/livez/nonsense", { accept: "*/*" })),
    step("root", get("/"), { pick: (body) => ({ paths: isList(at(body, "paths")) }) }),
  ],
};
