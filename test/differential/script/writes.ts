// Area "writes": create, read, update and delete of our kinds, and who owns which field.
import { attachment, changed, core, ipLock, makeNamespace, network, subnet } from "./objects.ts";
import { type Area, del, get, post, put, step } from "./step.ts";
import type { JsonObject } from "../json.ts";

const NS = "diff-writes";
const SUBNETS = network(NS, "subnets");
const ATTACHMENTS = network(NS, "networkattachments");
const LOCKS = network(NS, "iplocks");
const SUBNET = subnet("blue", 107, "10.0.0.0/24");

function at(resourceVersion: string, object: JsonObject): JsonObject {
  return changed(object, { metadata: { resourceVersion } });
}

/** Create, get, update, delete of our kinds. */
export const writes: Area = {
  name: "writes",
  about: "create, get, update, delete of our kinds; preconditions; server-owned fields; generation; status",
  steps: [
    makeNamespace(NS),
    step("create-subnet", post(SUBNETS, SUBNET)),
    step("create-subnet-again", post(SUBNETS, SUBNET)),
    step("create-attachment", post(ATTACHMENTS, attachment("first", "node-a", "blue"))),
    step("create-iplock", post(LOCKS, ipLock("v1-107-10-0-0-1", "blue"))),
    step("create-with-namespace-in-body", post(SUBNETS, subnet("named", 108, "10.1.0.0/24", { namespace: NS }))),
    step("create-in-other-namespace", post(SUBNETS, subnet("other", 108, "10.1.0.0/24", { namespace: "elsewhere" }))),
    step("create-in-missing-namespace", post(network("diff-absent", "subnets"), SUBNET)),
    step("create-without-name", post(SUBNETS, { ...SUBNET, metadata: {} })),
    step(
      "create-without-metadata",
      post(SUBNETS, { apiVersion: "network.coracle.dev/v1alpha1", kind: "Subnet", spec: SUBNET["spec"] ?? null }),
    ),
    step("create-with-bad-name", post(SUBNETS, subnet("Not_A_Name", 109, "10.2.0.0/24"))),
    step("create-with-long-name", post(SUBNETS, subnet("a".repeat(254), 9, "10.2.0.0/24"))),
    step(
      "create-with-resource-version",
      post(SUBNETS, subnet("versioned", 109, "10.2.0.0/24", { resourceVersion: "5" })),
    ),
    step("create-with-wrong-kind", post(SUBNETS, { ...SUBNET, kind: "Widget" })),
    step("create-with-wrong-version", post(SUBNETS, { ...SUBNET, apiVersion: "network.coracle.dev/v9" })),
    step("create-with-wrong-group", post(SUBNETS, { ...SUBNET, apiVersion: "v1" })),
    step(
      "create-without-kind",
      post(SUBNETS, { apiVersion: "network.coracle.dev/v1alpha1", metadata: { name: "kindless" } }),
    ),
    step(
      "create-without-api-version",
      post(SUBNETS, { kind: "Subnet", metadata: { name: "versionless" }, spec: { ipv4: "10.3.0.0/24", vni: 103 } }),
    ),
    step(
      "create-with-bad-label",
      post(SUBNETS, subnet("labelled", 109, "10.2.0.0/24", { labels: { "a b": "c", ok: "not ok!" } })),
    ),
    step(
      "create-with-bad-annotation",
      post(SUBNETS, subnet("annotated", 109, "10.2.0.0/24", { annotations: { "a b": "c" } })),
    ),
    step("create-with-numeric-label", post(SUBNETS, subnet("labelled", 109, "10.2.0.0/24", { labels: { n: 1 } }))),
    step(
      "create-with-bad-finalizer",
      post(SUBNETS, subnet("finalized", 109, "10.2.0.0/24", { finalizers: ["unqualified"] })),
    ),
    step(
      "create-with-bad-owner",
      post(
        SUBNETS,
        subnet("owned", 109, "10.2.0.0/24", { ownerReferences: [{ apiVersion: "v1", kind: "", name: "x", uid: "u" }] }),
      ),
    ),
    step(
      "create-with-duplicate-owner",
      post(
        SUBNETS,
        subnet("owned", 109, "10.9.0.0/24", {
          ownerReferences: [
            { apiVersion: "v1", kind: "ConfigMap", name: "x", uid: "11111111-1111-4111-8111-111111111111" },
            { apiVersion: "v1", kind: "ConfigMap", name: "x", uid: "11111111-1111-4111-8111-111111111111" },
          ],
        }),
      ),
    ),
    step(
      "create-with-server-fields",
      post(
        SUBNETS,
        subnet("forged", 110, "10.4.0.0/24", {
          uid: "11111111-1111-4111-8111-111111111111",
          creationTimestamp: "2001-01-01T00:00:00Z",
          generation: 9,
          deletionTimestamp: "2001-01-01T00:00:00Z",
          deletionGracePeriodSeconds: 5,
          selfLink: "/forged",
        }),
      ),
    ),
    step("create-with-status", post(SUBNETS, { ...subnet("judged", 111, "10.5.0.0/24"), status: { validated: true } })),
    step(
      "create-with-bad-type",
      post(SUBNETS, { ...subnet("typed", 112, "10.6.0.0/24"), spec: { ipv4: 4, vni: "twelve" } }),
    ),
    step("create-with-vni-too-large", post(SUBNETS, subnet("large", 2097152, "10.6.0.0/24"))),
    step("create-with-vni-zero", post(SUBNETS, subnet("zero", 0, "10.6.0.0/24"))),
    step("create-without-required", post(SUBNETS, { ...subnet("empty", 112, "10.6.0.0/24"), spec: { vni: 112 } })),
    step(
      "create-without-spec",
      post(SUBNETS, { apiVersion: "network.coracle.dev/v1alpha1", kind: "Subnet", metadata: { name: "hollow" } }),
    ),
    step(
      "create-generated-name",
      post(SUBNETS, { ...SUBNET, metadata: { generateName: "generated-" }, spec: { ipv4: "10.7.0.0/24", vni: 113 } }),
    ),

    step("get", get(`${SUBNETS}/blue`)),
    step("get-missing", get(`${SUBNETS}/absent`)),
    step("get-from-other-namespace", get(`${network("default", "subnets")}/blue`)),
    step("get-cached", get(`${SUBNETS}/blue?resourceVersion=0`)),
    step("get-bad-version", get(`${SUBNETS}/blue?resourceVersion=abc`)),
    step("list", get(SUBNETS)),
    step("list-all-namespaces-of-locks", get("/apis/network.coracle.dev/v1alpha1/iplocks")),

    step("update-without-version", put(`${SUBNETS}/blue`, SUBNET)),
    step("update-unchanged", (seen) =>
      put(`${SUBNETS}/blue`, at(seen.text("get", "metadata.resourceVersion"), SUBNET)),
    ),
    step("update-labels", (seen) =>
      put(
        `${SUBNETS}/blue`,
        at(
          seen.text("get", "metadata.resourceVersion"),
          subnet("blue", 107, "10.0.0.0/24", { labels: { tier: "one" } }),
        ),
      ),
    ),
    step("update-stale", (seen) =>
      put(
        `${SUBNETS}/blue`,
        at(
          seen.text("get", "metadata.resourceVersion"),
          subnet("blue", 107, "10.0.0.0/24", { labels: { tier: "two" } }),
        ),
      ),
    ),
    step("update-immutable", (seen) =>
      put(
        `${SUBNETS}/blue`,
        at(seen.text("update-labels", "metadata.resourceVersion"), subnet("blue", 108, "10.0.0.0/24")),
      ),
    ),
    step("update-bad-version-text", put(`${SUBNETS}/blue`, at("abc", SUBNET))),
    step("update-other-name", put(`${SUBNETS}/blue`, subnet("green", 107, "10.0.0.0/24"))),
    step(
      "update-other-namespace",
      put(`${SUBNETS}/blue`, subnet("blue", 107, "10.0.0.0/24", { namespace: "elsewhere" })),
    ),
    step("update-other-uid", (seen) =>
      put(
        `${SUBNETS}/blue`,
        changed(SUBNET, {
          metadata: {
            resourceVersion: seen.text("update-labels", "metadata.resourceVersion"),
            uid: "22222222-2222-4222-8222-222222222222",
          },
        }),
      ),
    ),
    step("update-missing", put(`${SUBNETS}/absent`, subnet("absent", 107, "10.0.0.0/24"))),
    step(
      "update-missing-with-version",
      put(`${SUBNETS}/absent`, subnet("absent", 107, "10.0.0.0/24", { resourceVersion: "5" })),
    ),
    step("update-server-fields", (seen) =>
      put(
        `${SUBNETS}/blue`,
        subnet("blue", 107, "10.0.0.0/24", {
          resourceVersion: seen.text("update-labels", "metadata.resourceVersion"),
          creationTimestamp: "2001-01-01T00:00:00Z",
          generation: 99,
          deletionTimestamp: "2001-01-01T00:00:00Z",
        }),
      ),
    ),
    step("update-attachment-spec", (seen) =>
      put(`${ATTACHMENTS}/first`, {
        ...at(seen.text("create-attachment", "metadata.resourceVersion"), attachment("first", "node-a", "blue")),
        spec: { node: "node-a", subnet: "blue", postDeleteExec: ["/bin/true"] },
      }),
    ),
    step("update-ignores-status", (seen) =>
      put(`${ATTACHMENTS}/first`, {
        ...at(
          seen.text("update-attachment-spec", "metadata.resourceVersion"),
          attachment("first", "node-a", "blue", { labels: { a: "b" } }),
        ),
        spec: { node: "node-a", subnet: "blue", postDeleteExec: ["/bin/true"] },
        status: { ifcName: "forged" },
      }),
    ),
    step("get-status", get(`${ATTACHMENTS}/first/status`)),
    step("update-status", (seen) =>
      put(`${ATTACHMENTS}/first/status`, {
        ...at(
          seen.text("update-ignores-status", "metadata.resourceVersion"),
          attachment("first", "other-node", "blue", { labels: { forged: "true" } }),
        ),
        status: { ifcName: "eth7", hostIP: "192.0.2.1" },
      }),
    ),
    step(
      "update-status-of-missing",
      put(`${ATTACHMENTS}/absent/status`, attachment("absent", "node-a", "blue", { resourceVersion: "5" })),
    ),
    step("update-status-of-kind-without", put(`${LOCKS}/v1-107-10-0-0-1/status`, ipLock("v1-107-10-0-0-1", "blue"))),
    step("get-unknown-subresource", get(`${SUBNETS}/blue/scale`)),
    step("get-after-updates", get(`${ATTACHMENTS}/first`)),

    step("delete", del(`${SUBNETS}/named`)),
    step("delete-again", del(`${SUBNETS}/named`)),
    step("delete-attachment", del(`${ATTACHMENTS}/first`, { propagationPolicy: "Background" })),
    step("get-deleted", get(`${ATTACHMENTS}/first`)),
    step("re-create", post(ATTACHMENTS, attachment("first", "node-b", "blue"))),
    step("core-neighbour-is-untouched", get(core(NS, "configmaps"))),
  ],
};
