// Area "apply": server-side apply, who owns which field, conflicts and how they end.
import { configMap, core, makeNamespace, network, NETWORK, subnet } from "./objects.ts";
import { type Area, del, get, patch, post, put, step, type SendOptions, type Sent } from "./step.ts";
import { changed } from "./objects.ts";
import type { Json, JsonObject } from "../json.ts";

const NS = "diff-apply";
const SUBNETS = network(NS, "subnets");
const ATTACHMENTS = network(NS, "networkattachments");
const MAPS = core(NS, "configmaps");

function apply(path: string, manager: string, body: Json, more: SendOptions & { readonly force?: boolean } = {}): Sent {
  const query = `?fieldManager=${manager}${more.force === undefined ? "" : `&force=${more.force}`}`;
  return patch("apply", path + query, body, more);
}

function labelled(name: string, labels: JsonObject, spec?: JsonObject): JsonObject {
  return { apiVersion: NETWORK, kind: "Subnet", metadata: { name, labels }, ...(spec === undefined ? {} : { spec }) };
}

const SPEC = { ipv4: "10.0.0.0/24", vni: 907 };
const OTHER_SPEC = { ipv4: "10.55.0.0/24", vni: 955 };
const NA = { apiVersion: NETWORK, kind: "NetworkAttachment", metadata: { name: "nic" } };

/** Server-side apply. */
export const applies: Area = {
  name: "apply",
  about: "server-side apply: create, change, co-owners, conflicts, force, removal, re-create, status, bad input",
  steps: [
    makeNamespace(NS),
    step("create", apply(`${SUBNETS}/blue`, "alpha", labelled("blue", { a: "1" }, SPEC))),
    step("again", apply(`${SUBNETS}/blue`, "alpha", labelled("blue", { a: "1" }, SPEC))),
    step("change-own", apply(`${SUBNETS}/blue`, "alpha", labelled("blue", { a: "2" }, SPEC))),
    step("co-owner", apply(`${SUBNETS}/blue`, "beta", labelled("blue", { a: "2" }))),
    step("conflict", apply(`${SUBNETS}/blue`, "beta", labelled("blue", { a: "3" }))),
    step(
      "conflict-several",
      apply(`${SUBNETS}/blue`, "gamma", labelled("blue", {}, { ipv4: "10.9.0.0/24", vni: 909 })),
    ),
    step("force", apply(`${SUBNETS}/blue`, "beta", labelled("blue", { a: "3" }), { force: true })),
    step("previous-owner-drops", apply(`${SUBNETS}/blue`, "alpha", labelled("blue", {}, SPEC))),
    step("last-owner-drops", apply(`${SUBNETS}/blue`, "beta", labelled("blue", {}))),
    step("add-and-remove", apply(`${SUBNETS}/blue`, "alpha", labelled("blue", { x: "1", y: "2" }, SPEC))),
    step("remove-one", apply(`${SUBNETS}/blue`, "alpha", labelled("blue", { x: "1" }, SPEC))),
    step(
      "annotation",
      apply(`${SUBNETS}/blue`, "notes", {
        apiVersion: NETWORK,
        kind: "Subnet",
        metadata: { name: "blue", annotations: { "example.com/note": "n" } },
      }),
    ),
    step("update-takes-over", (seen) =>
      put(
        `${SUBNETS}/blue?fieldManager=updater`,
        changed(subnet("blue", 907, "10.0.0.0/24"), {
          metadata: { labels: { x: "changed" }, resourceVersion: seen.text("annotation", "metadata.resourceVersion") },
        }),
      ),
    ),
    step("apply-after-update-conflicts", apply(`${SUBNETS}/blue`, "alpha", labelled("blue", { x: "1" }, SPEC))),
    step("apply-after-update-same-value", apply(`${SUBNETS}/blue`, "alpha", labelled("blue", { x: "changed" }, SPEC))),
    step(
      "merge-patch-by-same-name",
      patch("merge", `${SUBNETS}/blue?fieldManager=alpha`, { metadata: { labels: { z: "26" } } }),
    ),
    step("final", get(`${SUBNETS}/blue`)),
    step("delete", del(`${SUBNETS}/blue`)),
    step("re-create", apply(`${SUBNETS}/blue`, "beta", labelled("blue", { b: "1" }, SPEC))),
    step(
      "re-create-with-uid",
      apply(
        `${SUBNETS}/absent`,
        "beta",
        changed(labelled("absent", {}, OTHER_SPEC), { metadata: { uid: "44444444-4444-4444-8444-444444444444" } }),
      ),
    ),

    step(
      "yaml",
      patch(
        "apply",
        `${SUBNETS}/yaml?fieldManager=alpha`,
        `apiVersion: ${NETWORK}\nkind: Subnet\nmetadata:\n  name: yaml\n  labels:\n    from: yaml # a comment\nspec:\n  ipv4: 10.1.0.0/24\n  vni: 908\n`,
      ),
    ),
    step("yaml-malformed", patch("apply", `${SUBNETS}/yaml?fieldManager=alpha`, "apiVersion: [\nkind: }")),
    step("yaml-not-an-object", patch("apply", `${SUBNETS}/yaml?fieldManager=alpha`, "just text")),
    step("no-manager", patch("apply", `${SUBNETS}/yaml`, labelled("yaml", {}))),
    step("long-manager", patch("apply", `${SUBNETS}/yaml?fieldManager=${"m".repeat(129)}`, labelled("yaml", {}))),
    step("unprintable-manager", patch("apply", `${SUBNETS}/yaml?fieldManager=a%07b`, labelled("yaml", {}))),
    step("force-on-merge-patch", patch("merge", `${SUBNETS}/yaml?force=true`, {})),
    step("bad-force", patch("apply", `${SUBNETS}/yaml?fieldManager=a&force=maybe`, labelled("yaml", { q: "1" }))),
    step(
      "managed-fields-in-body",
      apply(
        `${SUBNETS}/yaml`,
        "alpha",
        changed(labelled("yaml", {}), { metadata: { managedFields: [{ manager: "x" }] } }),
      ),
    ),
    step("no-kind", apply(`${SUBNETS}/yaml`, "alpha", { apiVersion: NETWORK, metadata: { name: "yaml" } })),
    step("no-api-version", apply(`${SUBNETS}/yaml`, "alpha", { kind: "Subnet", metadata: { name: "yaml" } })),
    step(
      "other-version",
      apply(`${SUBNETS}/yaml`, "alpha", {
        apiVersion: "network.coracle.dev/v9",
        kind: "Subnet",
        metadata: { name: "yaml" },
      }),
    ),
    step(
      "other-kind",
      apply(`${SUBNETS}/yaml`, "alpha", { apiVersion: NETWORK, kind: "IPLock", metadata: { name: "yaml" } }),
    ),
    step("other-name", apply(`${SUBNETS}/yaml`, "alpha", labelled("another", {}))),
    step(
      "no-name",
      apply(`${SUBNETS}/unnamed`, "alpha", {
        apiVersion: NETWORK,
        kind: "Subnet",
        metadata: {},
        spec: { ipv4: "10.3.0.0/24", vni: 903 },
      }),
    ),
    step("wrong-type", apply(`${SUBNETS}/yaml`, "alpha", labelled("yaml", {}, { ipv4: "10.1.0.0/24", vni: "eight" }))),
    step(
      "unknown-field",
      apply(`${SUBNETS}/yaml`, "alpha", labelled("yaml", {}, { ipv4: "10.1.0.0/24", vni: 908, colour: "blue" })),
    ),
    step(
      "stale-version",
      apply(`${SUBNETS}/yaml`, "alpha", changed(labelled("yaml", { q: "1" }), { metadata: { resourceVersion: "1" } })),
    ),
    step("missing-namespace", apply(`${network("diff-absent", "subnets")}/x`, "alpha", labelled("x", {}, SPEC))),
    step("invalid-create", apply(`${SUBNETS}/invalid`, "alpha", labelled("invalid", {}, { vni: 905 }))),
    step("dry-run", patch("apply", `${SUBNETS}/dry?fieldManager=alpha&dryRun=All`, labelled("dry", {}, OTHER_SPEC))),
    step("dry-run-left-nothing", get(`${SUBNETS}/dry`)),

    step("two-parts-create", apply(`${ATTACHMENTS}/nic`, "client", { ...NA, spec: { node: "a", subnet: "blue" } })),
    step(
      "status-by-ipam",
      apply(`${ATTACHMENTS}/nic/status`, "ipam", { ...NA, status: { ipv4: "10.0.0.5", addressVNI: 907 } }),
    ),
    step("status-by-agent", apply(`${ATTACHMENTS}/nic/status`, "agent", { ...NA, status: { ifcName: "eth0" } })),
    step(
      "status-conflict",
      apply(`${ATTACHMENTS}/nic/status`, "agent", { ...NA, status: { ifcName: "eth0", ipv4: "10.0.0.6" } }),
    ),
    step("status-dropped", apply(`${ATTACHMENTS}/nic/status`, "agent", { ...NA, status: {} })),
    step(
      "status-on-main",
      // The label makes it a change whatever the time: a status to be reset gives the entry a new time, and is written for it.
      apply(`${ATTACHMENTS}/nic`, "client", {
        ...NA,
        metadata: { ...NA.metadata, labels: { status: "dropped" } },
        spec: { node: "a", subnet: "blue" },
        status: { ipv4: "1.2.3.4" },
      }),
    ),
    step(
      "list-is-atomic",
      apply(`${ATTACHMENTS}/nic`, "client", { ...NA, spec: { node: "a", subnet: "blue", postDeleteExec: ["x", "y"] } }),
    ),
    step("list-conflict", apply(`${ATTACHMENTS}/nic`, "other", { ...NA, spec: { postDeleteExec: ["x"] } })),

    step("core-create", apply(`${MAPS}/map`, "alpha", configMap("map", { a: "1", b: "2" }))),
    step(
      "core-finalizers-are-a-set",
      apply(`${MAPS}/map`, "beta", {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "map", finalizers: ["example.com/b"] },
      }),
    ),
    step(
      "core-finalizers-second",
      apply(`${MAPS}/map`, "gamma", {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "map", finalizers: ["example.com/c"] },
      }),
    ),
    step(
      "core-owners-are-a-map",
      apply(`${MAPS}/map`, "delta", {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: {
          name: "map",
          ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: "p", uid: "55555555-5555-4555-8555-555555555555" }],
        },
      }),
    ),
    step(
      "core-finalizers-dropped",
      apply(`${MAPS}/map`, "beta", { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "map" } }),
    ),
    step("core-conflict", apply(`${MAPS}/map`, "other", configMap("map", { a: "9" }))),

    step(
      "client-side-first",
      post(
        `${MAPS}?fieldManager=kubectl-client-side-apply`,
        configMap(
          "old-way",
          { a: "1", b: "2" },
          {
            annotations: {
              "kubectl.kubernetes.io/last-applied-configuration": `{"apiVersion":"v1","data":{"a":"1","b":"2"},"kind":"ConfigMap","metadata":{"annotations":{},"name":"old-way","namespace":"${NS}"}}\n`,
            },
          },
        ),
      ),
    ),
    step("then-server-side", apply(`${MAPS}/old-way`, "kubectl", configMap("old-way", { a: "1" }))),
    step("untracked", post(MAPS, configMap("untracked", { a: "1" }))),
    step("untrack", patch("merge", `${MAPS}/untracked`, { metadata: { managedFields: [{}] } })),
    step("before-first-apply", apply(`${MAPS}/untracked`, "alpha", configMap("untracked", { a: "2" }))),
    step(
      "before-first-apply-forced",
      apply(`${MAPS}/untracked`, "alpha", configMap("untracked", { a: "2" }), { force: true }),
    ),
  ],
};
