// Area "delete": preconditions, finalizers, propagation, grace, collections.
import { attachment, configMap, core, makeNamespace, network, pod, subnet } from "./objects.ts";
import { type Area, del, get, patch, post, put, step } from "./step.ts";
import { changed } from "./objects.ts";

const NS = "diff-delete";
const SUBNETS = network(NS, "subnets");
const ATTACHMENTS = network(NS, "networkattachments");
const MAPS = core(NS, "configmaps");
const PODS = core(NS, "pods");
const HOLD = { finalizers: ["example.com/hold"] };

/** Deletes. */
export const deletes: Area = {
  name: "delete",
  about: "DeleteOptions, preconditions, finalizers, propagation policies, grace periods, deletecollection, namespaces",
  steps: [
    makeNamespace(NS),
    step("create-a", post(SUBNETS, subnet("a", 701, "10.0.0.0/24"))),
    step("precondition-uid", del(`${SUBNETS}/a`, { preconditions: { uid: "66666666-6666-4666-8666-666666666666" } })),
    step("precondition-version", del(`${SUBNETS}/a`, { preconditions: { resourceVersion: "1" } })),
    step("bad-policy", del(`${SUBNETS}/a`, { propagationPolicy: "Sideways" })),
    step("policy-and-orphan", del(`${SUBNETS}/a`, { propagationPolicy: "Background", orphanDependents: true })),
    step("malformed-options", del(`${SUBNETS}/a`, "{")),
    step("wrong-options-kind", del(`${SUBNETS}/a`, { kind: "Subnet", apiVersion: "v1" })),
    step("negative-grace", del(`${SUBNETS}/a?gracePeriodSeconds=-5`)),
    step("grace-text", del(`${SUBNETS}/a?gracePeriodSeconds=soon`)),
    step("options-unsupported-type", del(`${SUBNETS}/a`, "x", { type: "text/csv" })),
    step("still-there", get(`${SUBNETS}/a`)),
    step("precondition-holds", (seen) =>
      del(`${SUBNETS}/a`, {
        kind: "DeleteOptions",
        apiVersion: "v1",
        preconditions: {
          uid: seen.text("still-there", "metadata.uid"),
          resourceVersion: seen.text("still-there", "metadata.resourceVersion"),
        },
      }),
    ),
    step("gone", get(`${SUBNETS}/a`)),

    step("create-held", post(SUBNETS, subnet("held", 702, "10.1.0.0/24", HOLD))),
    step("delete-held", del(`${SUBNETS}/held`)),
    step("delete-held-again", del(`${SUBNETS}/held`)),
    step("held-is-there", get(`${SUBNETS}/held`)),
    step("create-over-held", post(SUBNETS, subnet("held", 702, "10.1.0.0/24"))),
    step(
      "add-finalizer-while-deleting",
      patch("merge", `${SUBNETS}/held`, { metadata: { finalizers: ["example.com/hold", "example.com/more"] } }),
    ),
    step("label-while-deleting", patch("merge", `${SUBNETS}/held`, { metadata: { labels: { still: "here" } } })),
    step("remove-finalizer", patch("merge", `${SUBNETS}/held`, { metadata: { finalizers: [] } })),
    step("held-is-gone", get(`${SUBNETS}/held`)),
    step(
      "create-two-holds",
      post(SUBNETS, subnet("twice-held", 703, "10.2.0.0/24", { finalizers: ["example.com/one", "example.com/two"] })),
    ),
    step("delete-two-holds", del(`${SUBNETS}/twice-held`)),
    step("remove-first", patch("json", `${SUBNETS}/twice-held`, [{ op: "remove", path: "/metadata/finalizers/0" }])),
    step("remove-second-by-update", (seen) =>
      put(
        `${SUBNETS}/twice-held`,
        changed(subnet("twice-held", 703, "10.2.0.0/24"), {
          metadata: { resourceVersion: seen.text("remove-first", "metadata.resourceVersion"), finalizers: [] },
        }),
      ),
    ),

    step("create-foreground", post(MAPS, configMap("foreground", {}))),
    step("delete-foreground-dry", del(`${MAPS}/foreground?propagationPolicy=Foreground&dryRun=All`)),
    step("create-orphan", post(SUBNETS, subnet("orphan", 704, "10.3.0.0/24"))),
    step("delete-orphan-dry", del(`${SUBNETS}/orphan?propagationPolicy=Orphan&dryRun=All`)),
    step("delete-legacy-orphan-dry", del(`${SUBNETS}/orphan`, { orphanDependents: true, dryRun: ["All"] })),
    step("delete-background-by-query", del(`${SUBNETS}/orphan?propagationPolicy=Background`)),

    step("create-pod", post(PODS, pod("idle", {}, { nodeName: "node-a" }))),
    step("pod-graceful", del(`${PODS}/idle`, { gracePeriodSeconds: 20 })),
    step("pod-terminating", get(`${PODS}/idle`)),
    step("pod-shorter", del(`${PODS}/idle`, { gracePeriodSeconds: 5 })),
    step("pod-now", del(`${PODS}/idle`, { gracePeriodSeconds: 0 })),
    step("pod-gone", get(`${PODS}/idle`)),
    step("create-unscheduled-pod", post(PODS, pod("unscheduled"))),
    step("unscheduled-pod-goes-at-once", del(`${PODS}/unscheduled`)),
    step("unscheduled-pod-gone", get(`${PODS}/unscheduled`)),

    step("create-c1", post(ATTACHMENTS, attachment("c1", "n", "s", { labels: { set: "one" } }))),
    step("create-c2", post(ATTACHMENTS, attachment("c2", "n", "s", { labels: { set: "one" } }))),
    step("create-c3", post(ATTACHMENTS, attachment("c3", "m", "s", { labels: { set: "two" } }))),
    step("create-c4", post(ATTACHMENTS, attachment("c4", "m", "s", HOLD))),
    step("collection-by-label", del(`${ATTACHMENTS}?labelSelector=set%3Done`)),
    step("collection-by-field", del(`${ATTACHMENTS}?fieldSelector=spec.node%3Dnobody`)),
    step("collection-bad-selector", del(`${ATTACHMENTS}?labelSelector=%3D%3D`)),
    step("collection-of-kind-in-all-namespaces", del("/apis/network.coracle.dev/v1alpha1/networkattachments")),
    step("collection-all", del(ATTACHMENTS, { propagationPolicy: "Background" })),
    step("collection-left", get(ATTACHMENTS)),
    step("collection-release", patch("merge", `${ATTACHMENTS}/c4`, { metadata: { finalizers: null } })),
    step("collection-empty", del(ATTACHMENTS)),
    step("collection-core", del(MAPS)),
  ],
};
