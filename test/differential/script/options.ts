// Area "options": field validation, dry run, field managers, generated names.
import { configMap, core, makeNamespace, network, NETWORK, subnet } from "./objects.ts";
import { type Area, del, get, patch, post, put, step } from "./step.ts";
import { changed } from "./objects.ts";

const NS = "diff-options";
const SUBNETS = network(NS, "subnets");
const MAPS = core(NS, "configmaps");

const UNKNOWN = { ...subnet("unknown", 607, "10.0.0.0/24"), colour: "blue" };
const NESTED = {
  apiVersion: NETWORK,
  kind: "Subnet",
  metadata: { name: "nested", flavour: "x" },
  spec: { ipv4: "10.1.0.0/24", vni: 608, colour: "blue", depth: 3 },
};
const DUPLICATE = `{"apiVersion":"${NETWORK}","kind":"Subnet","metadata":{"name":"twice","labels":{"a":"1","a":"2"}},"spec":{"ipv4":"10.2.0.0/24","vni":609,"vni":610}}`;
const MAP_DUPLICATE = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"twice"},"data":{"a":"1","a":"2"},"wrong":1}`;

/** Options of writes. */
export const options: Area = {
  name: "options",
  about: "fieldValidation, dryRun, fieldManager, generateName, pretty",
  steps: [
    makeNamespace(NS),
    step("unknown-default", post(SUBNETS, UNKNOWN)),
    step("unknown-warn", post(`${SUBNETS}?fieldValidation=Warn`, NESTED)),
    step(
      "unknown-strict",
      post(`${SUBNETS}?fieldValidation=Strict`, changed(NESTED, { metadata: { name: "strict" } })),
    ),
    step(
      "unknown-ignore",
      post(
        `${SUBNETS}?fieldValidation=Ignore`,
        changed(UNKNOWN, { metadata: { name: "ignored" }, spec: { ipv4: "10.55.0.0/24", vni: 655 } }),
      ),
    ),
    step("bad-directive", post(`${SUBNETS}?fieldValidation=Sometimes`, subnet("bad", 611, "10.3.0.0/24"))),
    step("duplicate-default", post(SUBNETS, DUPLICATE)),
    step("duplicate-strict", post(`${SUBNETS}?fieldValidation=Strict`, DUPLICATE.replaceAll("twice", "strictly"))),
    step(
      "duplicate-ignore",
      post(`${SUBNETS}?fieldValidation=Ignore`, DUPLICATE.replaceAll("twice", "silently").replace("10.2.", "10.56.")),
    ),
    step(
      "duplicate-yaml-strict",
      post(
        `${SUBNETS}?fieldValidation=Strict`,
        `apiVersion: ${NETWORK}\nkind: Subnet\nmetadata:\n  name: dup-yaml\nspec:\n  ipv4: 10.3.0.0/24\n  vni: 604\n  vni: 605\n`,
        { type: "application/yaml" },
      ),
    ),
    step("update-unknown-strict", (seen) =>
      put(
        `${SUBNETS}/unknown?fieldValidation=Strict`,
        changed(UNKNOWN, { metadata: { resourceVersion: seen.text("unknown-default", "metadata.resourceVersion") } }),
      ),
    ),
    step("update-unknown-warn", (seen) =>
      put(
        `${SUBNETS}/unknown`,
        changed(UNKNOWN, { metadata: { resourceVersion: seen.text("unknown-default", "metadata.resourceVersion") } }),
      ),
    ),
    step(
      "json-patch-unknown-strict",
      patch("json", `${SUBNETS}/unknown?fieldValidation=Strict`, [{ op: "add", path: "/spec/colour", value: "x" }]),
    ),
    step("apply-unknown-strict", patch("apply", `${SUBNETS}/unknown?fieldManager=a&fieldValidation=Strict`, UNKNOWN)),
    step("core-unknown-warn", post(MAPS, { ...configMap("unknown-map", {}), colour: "blue" })),
    step(
      "core-unknown-strict",
      post(`${MAPS}?fieldValidation=Strict`, {
        ...configMap("strict-map", {}),
        colour: "blue",
        metadata: { name: "strict-map", flavour: 1 },
      }),
    ),
    step("core-duplicate-strict", post(`${MAPS}?fieldValidation=Strict`, MAP_DUPLICATE)),
    step("core-duplicate-warn", post(MAPS, MAP_DUPLICATE)),
    step("core-case", post(MAPS, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"case"},"Data":{"a":"1"}}`)),
    step(
      "core-patch-unknown-strict",
      patch("strategic", `${MAPS}/unknown-map?fieldValidation=Strict`, { colour: "red" }),
    ),

    step("dry-create", post(`${SUBNETS}?dryRun=All`, subnet("dry", 612, "10.4.0.0/24"))),
    step("dry-create-left-nothing", get(`${SUBNETS}/dry`)),
    step("dry-create-existing", post(`${SUBNETS}?dryRun=All`, subnet("unknown", 612, "10.4.0.0/24"))),
    step("dry-create-invalid", post(`${SUBNETS}?dryRun=All`, subnet("dry", 0, "10.4.0.0/24"))),
    step("dry-bad", post(`${SUBNETS}?dryRun=Some`, subnet("dry", 612, "10.4.0.0/24"))),
    step("dry-empty", post(`${SUBNETS}?dryRun=`, subnet("dry-empty", 612, "10.4.0.0/24"))),
    step("dry-patch", patch("merge", `${SUBNETS}/unknown?dryRun=All`, { metadata: { labels: { dry: "1" } } })),
    step("dry-update", (seen) =>
      put(
        `${SUBNETS}/unknown?dryRun=All`,
        changed(subnet("unknown", 607, "10.0.0.0/24", { labels: { dry: "2" } }), {
          metadata: { resourceVersion: seen.text("update-unknown-warn", "metadata.resourceVersion") },
        }),
      ),
    ),
    step("dry-delete", del(`${SUBNETS}/unknown?dryRun=All`)),
    step("dry-delete-in-body", del(`${SUBNETS}/unknown`, { kind: "DeleteOptions", apiVersion: "v1", dryRun: ["All"] })),
    step("dry-delete-collection", del(`${SUBNETS}?dryRun=All`)),
    step("dry-left-nothing", get(`${SUBNETS}/unknown`)),
    step(
      "dry-generated",
      post(`${SUBNETS}?dryRun=All`, { ...subnet("x", 613, "10.5.0.0/24"), metadata: { generateName: "generated-" } }),
    ),

    step("manager-create", post(`${SUBNETS}?fieldManager=me`, subnet("managed", 614, "10.6.0.0/24"))),
    step(
      "manager-too-long",
      post(`${SUBNETS}?fieldManager=${"m".repeat(129)}`, subnet("managed-2", 614, "10.6.0.0/24")),
    ),
    step("manager-unprintable", post(`${SUBNETS}?fieldManager=a%0Ab`, subnet("managed-2", 614, "10.6.0.0/24"))),
    step(
      "manager-from-user-agent",
      post(SUBNETS, subnet("agent", 615, "10.7.0.0/24"), {
        headers: { "user-agent": "kubectl/v1.32.4 (linux/amd64) kubernetes/abc" },
      }),
    ),
    step(
      "manager-from-no-user-agent",
      post(SUBNETS, subnet("anonymous", 616, "10.8.0.0/24"), { headers: { "user-agent": "" } }),
    ),
    step(
      "manager-same-update",
      patch("merge", `${SUBNETS}/managed?fieldManager=me`, { metadata: { labels: { a: "1" } } }),
    ),
    step(
      "manager-other-update",
      patch("merge", `${SUBNETS}/managed?fieldManager=you`, { metadata: { labels: { a: "2" } } }),
    ),
    step(
      "manager-status",
      patch("merge", `${SUBNETS}/managed/status?fieldManager=me`, { status: { validated: true } }),
    ),
    step("managed-fields-sent", (seen) =>
      put(
        `${SUBNETS}/managed`,
        changed(subnet("managed", 614, "10.6.0.0/24"), {
          metadata: {
            resourceVersion: seen.text("manager-status", "metadata.resourceVersion"),
            managedFields: [{ manager: "bad", operation: "Nope", apiVersion: NETWORK }],
          },
        }),
      ),
    ),
    step("managed-fields-cleared", patch("merge", `${SUBNETS}/managed`, { metadata: { managedFields: [{}] } })),

    step(
      "generate-name",
      post(MAPS, { apiVersion: "v1", kind: "ConfigMap", metadata: { generateName: "generated-" } }),
    ),
    step(
      "generate-name-and-name",
      post(MAPS, { apiVersion: "v1", kind: "ConfigMap", metadata: { generateName: "generated-", name: "given" } }),
    ),
    step("generate-bad-name", post(MAPS, { apiVersion: "v1", kind: "ConfigMap", metadata: { generateName: "Bad_" } }), {
      pick: (body) =>
        typeof body === "object" && body !== null && "reason" in body ? { reason: body["reason"] } : body,
    }),
  ],
};
