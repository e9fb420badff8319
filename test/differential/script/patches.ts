// Area "patch": JSON patch, merge patch and strategic merge patch.
import { attachment, configMap, core, makeNamespace, network, pod, subnet } from "./objects.ts";
import { type Area, get, patch, post, step } from "./step.ts";

const NS = "diff-patch";
const SUBNETS = network(NS, "subnets");
const ATTACHMENTS = network(NS, "networkattachments");
const BLUE = `${SUBNETS}/blue`;
const MAP = `${core(NS, "configmaps")}/map`;

/** Patches that are not server-side apply. */
export const patches: Area = {
  name: "patch",
  about: "JSON patch, merge patch, strategic merge patch, on our kinds and core kinds",
  steps: [
    makeNamespace(NS),
    step("create", post(SUBNETS, subnet("blue", 207, "10.0.0.0/24", { labels: { a: "1" } }))),
    step("create-attachment", post(ATTACHMENTS, attachment("first", "node-a", "blue"))),
    step("create-map", post(core(NS, "configmaps"), configMap("map", { a: "1" }))),

    step("json-add", patch("json", BLUE, [{ op: "add", path: "/metadata/labels/b", value: "2" }])),
    step("json-escaped", patch("json", BLUE, [{ op: "add", path: "/metadata/labels/example.com~1c", value: "3" }])),
    step("json-replace", patch("json", BLUE, [{ op: "replace", path: "/metadata/labels/a", value: "9" }])),
    step("json-remove", patch("json", BLUE, [{ op: "remove", path: "/metadata/labels/b" }])),
    step(
      "json-test-ok",
      patch("json", BLUE, [
        { op: "test", path: "/metadata/labels/a", value: "9" },
        { op: "copy", from: "/metadata/labels/a", path: "/metadata/labels/d" },
      ]),
    ),
    step("json-move", patch("json", BLUE, [{ op: "move", from: "/metadata/labels/d", path: "/metadata/labels/e" }])),
    step("json-test-fails", patch("json", BLUE, [{ op: "test", path: "/metadata/labels/a", value: "0" }])),
    step("json-bad-path", patch("json", BLUE, [{ op: "remove", path: "/metadata/labels/nothing" }])),
    step("json-add-below-nothing", patch("json", BLUE, [{ op: "add", path: "/metadata/annotations/x", value: "1" }])),
    step("json-bad-op", patch("json", BLUE, [{ op: "fly", path: "/metadata/labels/a" }])),
    step("json-not-a-list", patch("json", BLUE, { op: "add" })),
    step("json-malformed", patch("json", BLUE, `[{"op":`)),
    step("json-empty-list", patch("json", BLUE, [])),
    step(
      "json-list-append",
      patch("json", `${ATTACHMENTS}/first`, [
        { op: "add", path: "/spec/postDeleteExec", value: ["a"] },
        { op: "add", path: "/spec/postDeleteExec/-", value: "c" },
        { op: "add", path: "/spec/postDeleteExec/1", value: "b" },
      ]),
    ),
    step(
      "json-index-out-of-bounds",
      patch("json", `${ATTACHMENTS}/first`, [{ op: "add", path: "/spec/postDeleteExec/9", value: "z" }]),
    ),
    step("json-change-name", patch("json", BLUE, [{ op: "replace", path: "/metadata/name", value: "green" }])),
    step("json-invalid-result", patch("json", BLUE, [{ op: "replace", path: "/spec/vni", value: "text" }])),
    step("json-immutable", patch("json", BLUE, [{ op: "replace", path: "/spec/vni", value: 208 }])),
    step(
      "json-missing-object",
      patch("json", `${SUBNETS}/absent`, [{ op: "add", path: "/metadata/labels", value: {} }]),
    ),
    step(
      "json-too-many",
      patch(
        "json",
        BLUE,
        JSON.stringify(Array.from({ length: 10_001 }, () => ({ op: "test", path: "/kind", value: "Subnet" }))),
      ),
    ),

    step("merge-add", patch("merge", BLUE, { metadata: { labels: { m: "1" }, annotations: { note: "x" } } })),
    step("merge-remove", patch("merge", BLUE, { metadata: { labels: { m: null } } })),
    step("merge-no-change", patch("merge", BLUE, { metadata: { annotations: { note: "x" } } })),
    step("merge-empty", patch("merge", BLUE, {})),
    step("merge-list", patch("merge", `${ATTACHMENTS}/first`, { spec: { postDeleteExec: ["one"] } })),
    step("merge-ignores-status", patch("merge", `${ATTACHMENTS}/first`, { status: { ifcName: "forged" } })),
    step(
      "merge-status",
      patch("merge", `${ATTACHMENTS}/first/status`, { status: { ifcName: "eth0" }, spec: { node: "forged" } }),
    ),
    step("merge-stale", patch("merge", BLUE, { metadata: { resourceVersion: "1", labels: { q: "1" } } })),
    step("merge-uid-mismatch", patch("merge", BLUE, { metadata: { uid: "22222222-2222-4222-8222-222222222222" } })),
    step("merge-current", (seen) =>
      patch("merge", BLUE, {
        metadata: { resourceVersion: seen.text("merge-empty", "metadata.resourceVersion"), labels: { q: "1" } },
      }),
    ),
    step("merge-not-an-object", patch("merge", BLUE, [1])),
    step("merge-null", patch("merge", BLUE, "null")),
    step("merge-malformed", patch("merge", BLUE, `{"metadata":`)),
    step("merge-wrong-type", patch("merge", BLUE, { spec: { vni: "text" } })),
    step("merge-remove-required", patch("merge", BLUE, { spec: { ipv4: null } })),
    step("merge-unknown-field", patch("merge", BLUE, { spec: { colour: "blue" } })),
    step("merge-unknown-field-strict", patch("merge", `${BLUE}?fieldValidation=Strict`, { spec: { colour: "blue" } })),
    step("merge-change-kind", patch("merge", BLUE, { kind: "Widget" })),
    step("merge-missing-object", patch("merge", `${SUBNETS}/absent`, { metadata: { labels: { a: "b" } } })),
    step(
      "merge-with-field-manager",
      patch("merge", `${BLUE}?fieldManager=somebody`, { metadata: { labels: { who: "somebody" } } }),
    ),

    step("strategic-on-ours", patch("strategic", BLUE, { metadata: { labels: { s: "1" } } })),
    step("strategic-on-configmap", patch("strategic", MAP, { data: { b: "2", a: null } })),
    step("strategic-finalizers", patch("strategic", MAP, { metadata: { finalizers: ["example.com/one"] } })),
    step("strategic-finalizers-more", patch("strategic", MAP, { metadata: { finalizers: ["example.com/two"] } })),
    step(
      "strategic-finalizers-delete",
      patch("strategic", MAP, { metadata: { "$deleteFromPrimitiveList/finalizers": ["example.com/one"] } }),
    ),
    step("strategic-replace-data", patch("strategic", MAP, { data: { $patch: "replace", only: "this" } })),
    step("strategic-bad-type", patch("strategic", MAP, { data: ["x"] })),
    step("create-pod", post(core(NS, "pods"), pod("web"))),
    step(
      "strategic-containers",
      patch("strategic", `${core(NS, "pods")}/web`, {
        spec: { containers: [{ name: "main", image: "localhost/none:2" }] },
      }),
    ),
    step(
      "strategic-tolerations",
      patch("strategic", `${core(NS, "pods")}/web`, {
        spec: { tolerations: [{ key: "k", operator: "Exists", effect: "NoExecute" }] },
      }),
    ),
    step(
      "strategic-owner-references",
      patch("strategic", MAP, {
        metadata: {
          ownerReferences: [
            { apiVersion: "v1", kind: "Pod", name: "web", uid: "33333333-3333-4333-8333-333333333333" },
          ],
        },
      }),
    ),
    step(
      "strategic-owner-references-delete",
      patch("strategic", MAP, {
        metadata: { ownerReferences: [{ $patch: "delete", uid: "33333333-3333-4333-8333-333333333333" }] },
      }),
    ),

    step("unknown-patch-type", patch("merge", BLUE, {}, { type: "application/fancy-patch" })),
    step("plain-json-patch-type", patch("merge", BLUE, {}, { type: "application/json" })),
    step("no-patch-type", patch("merge", BLUE, {}, { type: "" })),
    step(
      "patch-type-with-charset",
      patch(
        "merge",
        BLUE,
        { metadata: { labels: { utf: "8" } } },
        { type: "application/merge-patch+json; charset=utf-8" },
      ),
    ),
    step("final", get(BLUE)),
  ],
};
