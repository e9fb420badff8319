// Area "core-kinds": the kinds of Kubernetes agents use, as far as an API server alone serves them.
import { changed, configMap, core, leases, makeNamespace, pod } from "./objects.ts";
import { type Area, del, get, patch, post, put, step } from "./step.ts";
import type { JsonObject } from "../json.ts";

const NS = "diff-core";
const CONFIG_MAPS = core(NS, "configmaps");
const SECRETS = core(NS, "secrets");
const PODS = core(NS, "pods");
const ACCOUNTS = core(NS, "serviceaccounts");
const EVENTS = core(NS, "events");

function secret(name: string, more: JsonObject): JsonObject {
  return { apiVersion: "v1", kind: "Secret", metadata: { name }, ...more };
}

function lease(name: string, spec: JsonObject): JsonObject {
  return { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name }, spec };
}

/** Core kinds. */
export const coreKinds: Area = {
  name: "core-kinds",
  about: "namespaces, configmaps, secrets, pods, nodes, service accounts, events and leases",
  steps: [
    makeNamespace(NS),
    step("namespace-get", get(`/api/v1/namespaces/${NS}`)),
    step(
      "namespace-again",
      post("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: NS } }),
    ),
    step(
      "namespace-bad-name",
      post("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "a.b" } }),
    ),
    step(
      "namespace-long-name",
      post("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "a".repeat(64) } }),
    ),
    step("namespace-label", patch("merge", `/api/v1/namespaces/${NS}`, { metadata: { labels: { team: "sea" } } })),
    step("namespace-default-is-kept", del("/api/v1/namespaces/default")),

    step("configmap-create", post(CONFIG_MAPS, configMap("settings", { a: "1" }))),
    step("configmap-update-unconditional", put(`${CONFIG_MAPS}/settings`, configMap("settings", { a: "2" }))),
    step("configmap-update-unchanged", put(`${CONFIG_MAPS}/settings`, configMap("settings", { a: "2" }))),
    step("configmap-bad-key", post(CONFIG_MAPS, configMap("bad", { "a/b": "1" }))),
    step("configmap-number-value", post(CONFIG_MAPS, configMap("bad", { a: 1 }))),
    step("configmap-binary", post(CONFIG_MAPS, { ...configMap("binary", { a: "1" }), binaryData: { b: "AAEC" } })),
    step("configmap-binary-not-base64", post(CONFIG_MAPS, { ...configMap("bad", {}), binaryData: { b: "***" } })),
    step("configmap-key-twice", post(CONFIG_MAPS, { ...configMap("bad", { a: "1" }), binaryData: { a: "AAEC" } })),
    step("configmap-immutable", post(CONFIG_MAPS, { ...configMap("frozen", { a: "1" }), immutable: true })),
    step(
      "configmap-immutable-change",
      put(`${CONFIG_MAPS}/frozen`, { ...configMap("frozen", { a: "2" }), immutable: true }),
    ),
    step("configmap-missing-update", put(`${CONFIG_MAPS}/absent`, configMap("absent", {}))),
    step("configmap-too-large", post(CONFIG_MAPS, configMap("large", { a: "x".repeat(1024 * 1024 + 1) }))),
    step("configmap-delete", del(`${CONFIG_MAPS}/settings`)),

    step("secret-create", post(SECRETS, secret("keys", { data: { a: "aGk=" } }))),
    step("secret-string-data", post(SECRETS, secret("plain", { stringData: { a: "hi" }, type: "example.com/own" }))),
    step("secret-not-base64", post(SECRETS, secret("bad", { data: { a: "not base64!" } }))),
    step("secret-type-change", put(`${SECRETS}/plain`, secret("plain", { data: { a: "aGk=" }, type: "Opaque" }))),
    step("secret-tls-incomplete", post(SECRETS, secret("tls", { type: "kubernetes.io/tls", data: { "tls.crt": "" } }))),
    step("secret-by-type", get(`${SECRETS}?fieldSelector=type%3Dexample.com/own`)),

    step("pod-create", post(PODS, pod("web", { labels: { app: "web" } }, { nodeName: "node-a" }))),
    step("pod-get-spec", get(`${PODS}/web`)),
    step(
      "pod-without-containers",
      post(PODS, { apiVersion: "v1", kind: "Pod", metadata: { name: "none" }, spec: { containers: [] } }),
    ),
    step(
      "pod-status",
      patch("merge", `${PODS}/web/status`, {
        status: { phase: "Running", podIP: "10.244.1.5", podIPs: [{ ip: "10.244.1.5" }], hostIP: "192.0.2.10" },
      }),
    ),
    step(
      "pod-status-condition",
      patch("strategic", `${PODS}/web/status`, {
        status: { conditions: [{ type: "Ready", status: "True", lastTransitionTime: null }] },
      }),
    ),
    step("pod-by-node", get(`${PODS}?fieldSelector=spec.nodeName%3Dnode-a`)),
    step("pod-by-ip", get(`${PODS}?fieldSelector=status.podIP%3D10.244.1.5`)),
    step("pod-by-phase-not", get(`${PODS}?fieldSelector=status.phase!%3DRunning`)),
    step("pod-spec-change", patch("merge", `${PODS}/web`, { spec: { nodeName: "node-b" } })),
    step("pod-label", patch("strategic", `${PODS}/web`, { metadata: { labels: { tier: "front" } } })),
    step("pod-delete-now", del(`${PODS}/web?gracePeriodSeconds=0`)),

    step(
      "node-create",
      post("/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata: { name: "diff-node", labels: { zone: "a" } } }),
    ),
    step(
      "node-status",
      patch("merge", "/api/v1/nodes/diff-node/status", {
        status: { addresses: [{ type: "InternalIP", address: "192.0.2.10" }] },
      }),
    ),
    step("node-unschedulable", patch("merge", "/api/v1/nodes/diff-node", { spec: { unschedulable: true } })),
    step("node-by-unschedulable", get("/api/v1/nodes?fieldSelector=spec.unschedulable%3Dtrue")),
    step("node-delete", del("/api/v1/nodes/diff-node")),

    step(
      "serviceaccount-create",
      post(ACCOUNTS, { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "agent" } }),
    ),
    step(
      "serviceaccount-token",
      post(`${ACCOUNTS}/agent/token`, {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        spec: { expirationSeconds: 3600 },
      }),
    ),
    step(
      "serviceaccount-token-too-short",
      post(`${ACCOUNTS}/agent/token`, {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        spec: { expirationSeconds: 5 },
      }),
    ),
    step(
      "serviceaccount-token-of-missing",
      post(`${ACCOUNTS}/absent/token`, { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} }),
    ),
    step("serviceaccount-delete", del(`${ACCOUNTS}/agent`)),

    step(
      "event-create",
      post(EVENTS, {
        apiVersion: "v1",
        kind: "Event",
        metadata: { name: "web.1" },
        type: "Normal",
        reason: "Started",
        message: "it runs",
        involvedObject: { apiVersion: "v1", kind: "Pod", name: "web", namespace: NS },
        source: { component: "differential" },
        firstTimestamp: "2024-01-01T00:00:00Z",
        lastTimestamp: "2024-01-01T00:00:00Z",
        count: 1,
      }),
    ),
    step(
      "event-other-namespace",
      post(EVENTS, {
        apiVersion: "v1",
        kind: "Event",
        metadata: { name: "web.2" },
        reason: "Started",
        involvedObject: { apiVersion: "v1", kind: "Pod", name: "web", namespace: "elsewhere" },
      }),
    ),
    step("event-by-object", get(`${EVENTS}?fieldSelector=involvedObject.name%3Dweb,involvedObject.kind%3DPod`)),
    step("event-by-reason", get(`${EVENTS}?fieldSelector=reason%3DStopped`)),
    step("event-patch", patch("strategic", `${EVENTS}/web.1`, { count: 2 })),

    step(
      "lease-create",
      post(
        leases(NS),
        lease("leader", { holderIdentity: "a", leaseDurationSeconds: 15, renewTime: "2024-01-01T00:00:00.000001Z" }),
      ),
    ),
    step("lease-bad-duration", post(leases(NS), lease("bad", { holderIdentity: "a", leaseDurationSeconds: 0 }))),
    step("lease-create-by-update", put(`${leases(NS)}/second`, lease("second", { holderIdentity: "b" }))),
    step("lease-take-over", (seen) =>
      put(
        `${leases(NS)}/leader`,
        changed(lease("leader", { holderIdentity: "b", leaseDurationSeconds: 15, leaseTransitions: 1 }), {
          metadata: { resourceVersion: seen.text("lease-create", "metadata.resourceVersion") },
        }),
      ),
    ),
    step("lease-take-over-late", (seen) =>
      put(
        `${leases(NS)}/leader`,
        changed(lease("leader", { holderIdentity: "c", leaseDurationSeconds: 15 }), {
          metadata: { resourceVersion: seen.text("lease-create", "metadata.resourceVersion") },
        }),
      ),
    ),
    step("lease-delete", del(`${leases(NS)}/leader`)),
  ],
};
