// Area "errors": requests that are wrong before any object is looked at, and who may ask.
import { configMap, core, makeNamespace, network, NETWORK, NETWORK_ROOT, subnet } from "./objects.ts";
import { type Area, get, patch, post, put, step, USER_AGENT } from "./step.ts";

const NS = "diff-errors";
const SUBNETS = network(NS, "subnets");
const MAPS = core(NS, "configmaps");
const HEADERS = { accept: "application/json", "user-agent": USER_AGENT };

/** Wrong requests. */
export const errors: Area = {
  name: "errors",
  about: "malformed bodies, media types, sizes, paths, methods, credentials",
  steps: [
    makeNamespace(NS),
    step("json-malformed", post(SUBNETS, `{"apiVersion": `)),
    step("json-trailing", post(SUBNETS, `${JSON.stringify(subnet("t", 801, "10.0.0.0/24"))} trailing`)),
    step("json-list", post(SUBNETS, [])),
    step("json-text", post(SUBNETS, `"text"`)),
    step("json-null", post(SUBNETS, "null")),
    step("json-empty", post(SUBNETS, "")),
    step("json-bad-escape", post(SUBNETS, `{"apiVersion":"${NETWORK}","kind":"Subnet","metadata":{"name":"\\x"}}`)),
    step("json-metadata-text", post(SUBNETS, { apiVersion: NETWORK, kind: "Subnet", metadata: "text" })),
    step("json-name-number", post(SUBNETS, { apiVersion: NETWORK, kind: "Subnet", metadata: { name: 5 } })),
    step(
      "json-labels-list",
      post(SUBNETS, { apiVersion: NETWORK, kind: "Subnet", metadata: { name: "x", labels: ["a"] } }),
    ),
    step(
      "json-null-fields",
      post(SUBNETS, {
        ...subnet("nulls", 888, "10.88.0.0/24"),
        metadata: { name: "nulls", labels: null, annotations: { a: "b" } },
        status: null,
      }),
    ),
    step("yaml-malformed", post(SUBNETS, "a: [", { type: "application/yaml" })),
    step("yaml-tabs", post(SUBNETS, "a:\n\t- b", { type: "application/yaml" })),
    step(
      "yaml-two-documents",
      post(
        SUBNETS,
        `---\napiVersion: ${NETWORK}\nkind: Subnet\nmetadata: {name: y1}\nspec: {ipv4: 10.1.0.0/24, vni: 802}\n---\nkind: Other\n`,
        { type: "application/yaml" },
      ),
    ),
    step("media-type-text", post(SUBNETS, subnet("x", 801, "10.0.0.0/24"), { type: "text/plain" })),
    step(
      "media-type-form",
      post(SUBNETS, subnet("x", 801, "10.0.0.0/24"), { type: "application/x-www-form-urlencoded" }),
    ),
    step("media-type-malformed", post(SUBNETS, subnet("x", 801, "10.0.0.0/24"), { type: "application/json; ;" })),
    step(
      "media-type-charset",
      post(SUBNETS, subnet("charset", 803, "10.2.0.0/24"), { type: "application/json; charset=utf-8" }),
    ),
    step("media-type-none", {
      method: "POST",
      path: SUBNETS,
      headers: HEADERS,
      body: JSON.stringify(subnet("untyped", 804, "10.3.0.0/24")),
    }),
    step("core-json-malformed", post(MAPS, `{"kind": nonsense}`)),
    step("core-data-list", post(MAPS, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x" }, data: ["a"] })),
    step("core-wrong-kind", post(MAPS, { apiVersion: "v1", kind: "Secret", metadata: { name: "x" } })),
    step("core-wrong-version", post(MAPS, { ...configMap("x", {}), apiVersion: "v9" })),
    step("core-without-kind", post(MAPS, { metadata: { name: "kindless" } })),
    step("too-large", post(MAPS, configMap("huge", { a: "x".repeat(3 * 1024 * 1024 + 10) }))),
    step(
      "annotations-too-large",
      post(SUBNETS, subnet("annotated", 805, "10.4.0.0/24", { annotations: { a: "x".repeat(256 * 1024 + 1) } })),
    ),
    step(
      "deep",
      post(
        SUBNETS,
        `{"apiVersion":"${NETWORK}","kind":"Subnet","metadata":{"name":"deep"},"spec":${"[".repeat(20_000)}${"]".repeat(20_000)}}`,
      ),
      { pick: (body) => (typeof body === "object" && body !== null && "code" in body ? { code: body["code"] } : body) },
    ),

    step("unknown-resource", get(network(NS, "widgets"))),
    step("unknown-version", get(`/apis/network.coracle.dev/v9/namespaces/${NS}/subnets`)),
    step("unknown-group", get(`/apis/example.com/v1/namespaces/${NS}/subnets`)),
    step("unknown-root", get("/nonsense")),
    step("unknown-core-resource", get(core(NS, "widgets"))),
    step("unknown-core-version", get("/api/v9")),
    step("trailing-slash", get(`${SUBNETS}/`)),
    step("double-slash", get(`${NETWORK_ROOT}//subnets`)),
    step("long-path", get(`${SUBNETS}/a/b/c/d`)),
    step("namespaced-kind-at-cluster-scope", post(`${NETWORK_ROOT}/subnets`, subnet("nowhere", 801, "10.0.0.0/24"))),
    step("singular-name", get(network(NS, "subnet"))),
    step("encoded-name", get(`${SUBNETS}/%61bsent`)),

    step("post-to-object", post(`${SUBNETS}/x`, subnet("x", 801, "10.0.0.0/24"))),
    step("put-to-collection", put(SUBNETS, subnet("x", 801, "10.0.0.0/24"))),
    step("patch-collection", patch("merge", SUBNETS, {})),
    step("method-options", { method: "OPTIONS", path: `${SUBNETS}/x`, headers: HEADERS }),
    step("method-head", { method: "HEAD", path: SUBNETS, headers: HEADERS }),
    step("method-unknown", { method: "PURGE", path: `${SUBNETS}/x`, headers: HEADERS }),
    step("delete-status", { method: "DELETE", path: `${SUBNETS}/x/status`, headers: HEADERS }),
    step("post-namespace-list", post("/api/v1/namespaces/default", {})),
    step("delete-namespaces", { method: "DELETE", path: "/api/v1/namespaces", headers: HEADERS }),

    step("nobody-reads", get(SUBNETS), { as: "nobody" }),
    step("nobody-gets", get(`${SUBNETS}/x`), { as: "nobody" }),
    step("nobody-writes", post(SUBNETS, subnet("x", 801, "10.0.0.0/24")), { as: "nobody" }),
    step("nobody-watches", get(`${SUBNETS}?watch=true`), { as: "nobody" }),
    step("nobody-discovers", get("/apis"), { as: "nobody" }),
    step("nobody-asks-for-nonsense", get("/nonsense"), { as: "nobody" }),
    step("nobody-asks-for-health", get("/livez"), { as: "nobody" }),
    step("bad-token", get(SUBNETS), { as: "bad-token" }),
    step("bad-token-for-health", get("/livez"), { as: "bad-token" }),
    step(
      "forged-front-proxy",
      get(SUBNETS, { headers: { "x-remote-user": "admin", "x-remote-group": "system:masters" } }),
      { as: "nobody" },
    ),
    step("basic-credentials", get(SUBNETS, { headers: { authorization: "Basic YTpi" } }), { as: "nobody" }),
  ],
};
