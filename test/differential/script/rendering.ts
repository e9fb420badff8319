// Area "render": Table, metadata-only, media types and pretty printing.
import { attachment, configMap, core, makeNamespace, network, pod, subnet } from "./objects.ts";
import { type Area, get, post, step } from "./step.ts";

const NS = "diff-render";
const SUBNETS = network(NS, "subnets");
const ATTACHMENTS = network(NS, "networkattachments");
const TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1";
const TABLE_OR_JSON = `${TABLE},application/json;as=Table;g=meta.k8s.io;v=v1beta1,application/json`;
const PARTIAL = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const PARTIAL_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
const PROTOBUF = "application/vnd.kubernetes.protobuf";

/** Forms of answers. */
export const rendering: Area = {
  name: "render",
  about: "Table and its columns, PartialObjectMetadata, content negotiation, pretty printing",
  steps: [
    makeNamespace(NS),
    step("create", post(SUBNETS, subnet("blue", 507, "10.0.0.0/24", { labels: { a: "b" } }))),
    step("create-2", post(SUBNETS, subnet("green", 508, "10.1.0.0/24"))),
    step("create-attachment", post(ATTACHMENTS, attachment("nic", "node-a", "blue"))),
    step("create-map", post(core(NS, "configmaps"), configMap("map", { a: "1", b: "2" }))),
    step(
      "create-secret",
      post(core(NS, "secrets"), { apiVersion: "v1", kind: "Secret", metadata: { name: "keys" }, data: { a: "aGk=" } }),
    ),
    step("create-pod", post(core(NS, "pods"), pod("web", {}, { nodeName: "node-a" }))),
    step(
      "create-account",
      post(core(NS, "serviceaccounts"), { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "agent" } }),
    ),
    step("create-as-table", post(SUBNETS, subnet("red", 509, "10.2.0.0/24"), { accept: TABLE })),

    step("table-one", get(`${SUBNETS}/blue`, { accept: TABLE })),
    step("table-list", get(SUBNETS, { accept: TABLE_OR_JSON })),
    step("table-attachments", get(ATTACHMENTS, { accept: TABLE })),
    step("table-iplocks-empty", get(network(NS, "iplocks"), { accept: TABLE })),
    step("table-no-object", get(`${SUBNETS}?includeObject=None`, { accept: TABLE })),
    step("table-whole-object", get(`${SUBNETS}?includeObject=Object`, { accept: TABLE })),
    step("table-bad-include", get(`${SUBNETS}?includeObject=Everything`, { accept: TABLE })),
    step("table-page", get(`${SUBNETS}?limit=1`, { accept: TABLE })),
    step("table-v1beta1", get(`${SUBNETS}/blue`, { accept: "application/json;as=Table;g=meta.k8s.io;v=v1beta1" })),
    step("table-unknown-version", get(`${SUBNETS}/blue`, { accept: "application/json;as=Table;g=meta.k8s.io;v=v9" })),
    step("table-of-missing", get(`${SUBNETS}/absent`, { accept: TABLE })),
    step("table-configmaps", get(core(NS, "configmaps"), { accept: TABLE })),
    step("table-secrets", get(core(NS, "secrets"), { accept: TABLE })),
    step("table-pods", get(core(NS, "pods"), { accept: TABLE })),
    step("table-serviceaccounts", get(core(NS, "serviceaccounts"), { accept: TABLE })),
    step("table-namespace", get(`/api/v1/namespaces/${NS}`, { accept: TABLE })),
    step("table-leases", get(`/apis/coordination.k8s.io/v1/namespaces/${NS}/leases`, { accept: TABLE })),
    step("table-events", get(core(NS, "events"), { accept: TABLE })),
    step("table-nodes", get("/api/v1/nodes", { accept: TABLE })),

    step("partial-one", get(`${SUBNETS}/blue`, { accept: PARTIAL })),
    step("partial-list", get(SUBNETS, { accept: PARTIAL_LIST })),
    step("partial-one-as-list", get(`${SUBNETS}/blue`, { accept: PARTIAL_LIST })),
    step("partial-list-as-one", get(SUBNETS, { accept: PARTIAL })),
    step("partial-core", get(core(NS, "pods"), { accept: PARTIAL_LIST })),
    step(
      "partial-preference",
      get(SUBNETS, {
        accept: `${PROTOBUF};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,${PARTIAL_LIST},application/json`,
      }),
    ),
    step("partial-unknown-kind", get(SUBNETS, { accept: "application/json;as=Poem;g=meta.k8s.io;v=v1" })),

    step("accept-any", get(`${SUBNETS}/blue`, { accept: "*/*" })),
    step("accept-application-any", get(`${SUBNETS}/blue`, { accept: "application/*" })),
    step("accept-none", get(`${SUBNETS}/blue`, { accept: "" })),
    step("accept-csv", get(`${SUBNETS}/blue`, { accept: "text/csv" })),
    step("accept-csv-or-json", get(`${SUBNETS}/blue`, { accept: "text/csv;q=1,application/json;q=0.5" })),
    step(
      "accept-unknown-parameter",
      get(`${SUBNETS}/blue`, { accept: "application/json; drop=metadata.managedFields" }),
    ),
    step("accept-charset", get(`${SUBNETS}/blue`, { accept: "application/json;charset=utf-8" })),
    step("accept-yaml", get(`${SUBNETS}/blue`, { accept: "application/yaml" })),
    step("accept-protobuf-of-ours", get(`${SUBNETS}/blue`, { accept: PROTOBUF })),
    step("accept-protobuf-or-json-of-ours", get(`${SUBNETS}/blue`, { accept: `${PROTOBUF},application/json` })),
    step("accept-cbor", get(`${SUBNETS}/blue`, { accept: "application/cbor" })),
    step("accept-malformed", get(`${SUBNETS}/blue`, { accept: "application/json;;;=" })),
    step("error-in-csv", get(`${SUBNETS}/absent`, { accept: "text/csv" })),
    step("error-in-yaml", get(`${SUBNETS}/absent`, { accept: "application/yaml" })),
    step("pretty", get("/api/v1/namespaces/diff-render?pretty=true"), {
      pick: (body) => ({ readable: typeof body === "object" }),
    }),
    step(
      "create-in-yaml",
      post(
        SUBNETS,
        "apiVersion: network.coracle.dev/v1alpha1\nkind: Subnet\nmetadata:\n  name: from-yaml\nspec:\n  ipv4: 10.3.0.0/24\n  vni: 510\n",
        { type: "application/yaml" },
      ),
    ),
    step("create-in-protobuf", post(SUBNETS, "not protobuf", { type: PROTOBUF })),
  ],
};
