// Area "list": selectors, pages and resource versions of lists.
import { attachment, makeNamespace, network, subnet } from "./objects.ts";
import { type Area, del, get, post, step, type Step } from "./step.ts";

const NS = "diff-list";
const SUBNETS = network(NS, "subnets");
const ATTACHMENTS = network(NS, "networkattachments");

function labels(id: string, selector: string): Step {
  return step(`label-${id}`, get(`${SUBNETS}?labelSelector=${encodeURIComponent(selector)}`));
}

function fields(id: string, selector: string, collection: string = SUBNETS): Step {
  return step(`field-${id}`, get(`${collection}?fieldSelector=${encodeURIComponent(selector)}`));
}

function version(id: string, query: string): Step {
  return step(`version-${id}`, (seen) =>
    get(`${SUBNETS}?${query.replaceAll("LIST", seen.text("all", "metadata.resourceVersion"))}`),
  );
}

/** Lists. */
export const lists: Area = {
  name: "list",
  about: "label and field selectors, limit and continue, resourceVersion with resourceVersionMatch",
  steps: [
    makeNamespace(NS),
    step("empty", get(SUBNETS)),
    step("create-a", post(SUBNETS, subnet("a", 301, "10.0.0.0/24", { labels: { env: "prod", tier: "1" } }))),
    step("create-b", post(SUBNETS, subnet("b", 302, "10.1.0.0/24", { labels: { env: "test", tier: "2" } }))),
    step("create-c", post(SUBNETS, subnet("c", 303, "10.2.0.0/24", { labels: { env: "prod" } }))),
    step("create-d", post(SUBNETS, subnet("d", 304, "10.3.0.0/24"))),
    step("create-e", post(SUBNETS, subnet("e", 305, "10.4.0.0/24", { labels: { env: "" } }))),
    step("create-attachment", post(ATTACHMENTS, attachment("nic", "node-a", "a"))),
    step("create-attachment-2", post(ATTACHMENTS, attachment("nic2", "node-b", "a"))),
    step("all", get(SUBNETS)),

    labels("equals", "env=prod"),
    labels("double-equals", "env==prod"),
    labels("not-equals", "env!=prod"),
    labels("in", "env in (prod,test)"),
    labels("notin", "env notin (prod, test)"),
    labels("exists", "env"),
    labels("not-exists", "!env"),
    labels("and", "env=prod,tier=1"),
    labels("greater", "tier>1"),
    labels("less", "tier<2"),
    labels("empty-value", "env="),
    labels("none", "env=nothing"),
    labels("blank", ""),
    labels("bad-syntax", "env=prod,,"),
    labels("bad-operator", "env~prod"),
    labels("bad-value", "env=not ok"),
    labels("bad-key", "a/b/c=d"),
    labels("open-set", "env in (prod"),
    labels("greater-than-text", "tier>one"),

    fields("name", "metadata.name=a"),
    fields("name-not", "metadata.name!=a"),
    fields("namespace", `metadata.namespace=${NS}`),
    fields("other-namespace", "metadata.namespace=elsewhere"),
    fields("vni", "spec.vni=302"),
    fields("vni-not", "spec.vni!=302"),
    fields("and", "spec.vni=302,metadata.name=b"),
    fields("contradiction", "spec.vni=302,metadata.name=a"),
    fields("node", "spec.node=node-a", ATTACHMENTS),
    fields("subnet", "spec.subnet=a,spec.node!=node-a", ATTACHMENTS),
    fields("absent-value", "status.ipv4=", ATTACHMENTS),
    fields("unknown", "spec.colour=blue"),
    fields("not-selectable", "spec.ipv4=10.0.0.0/24"),
    fields("bad-syntax", "spec.vni"),
    fields("set-operator", "spec.vni in (301,302)"),
    fields("escape", "metadata.name=a\\,b"),
    fields("bad-escape", "metadata.name=a\\b"),
    step("both-selectors", get(`${SUBNETS}?labelSelector=env%3Dprod&fieldSelector=spec.vni%3D303`)),

    step("page-1", get(`${SUBNETS}?limit=2`)),
    step("page-2", (seen) => get(`${SUBNETS}?limit=2&continue=${seen.text("page-1", "metadata.continue")}`)),
    step("create-f-meanwhile", post(SUBNETS, subnet("b2", 306, "10.5.0.0/24"))),
    step("delete-e-meanwhile", del(`${SUBNETS}/e`)),
    step("page-3-is-as-it-was", (seen) =>
      get(`${SUBNETS}?limit=2&continue=${seen.text("page-2", "metadata.continue")}`),
    ),
    step("page-limit-is-enough", get(`${SUBNETS}?limit=5`)),
    step("page-limit-zero", get(`${SUBNETS}?limit=0`)),
    step("page-limit-negative", get(`${SUBNETS}?limit=-1`)),
    step("page-limit-text", get(`${SUBNETS}?limit=many`)),
    step("page-with-selector", get(`${SUBNETS}?limit=1&labelSelector=env%3Dprod`)),
    step("page-with-selector-2", (seen) =>
      get(
        `${SUBNETS}?limit=1&labelSelector=env%3Dprod&continue=${seen.text("page-with-selector", "metadata.continue")}`,
      ),
    ),
    step("page-bad-token", get(`${SUBNETS}?limit=2&continue=garbage`)),
    step("page-token-and-version", (seen) =>
      get(`${SUBNETS}?limit=2&resourceVersion=5&continue=${seen.text("page-1", "metadata.continue")}`),
    ),
    step("page-token-and-version-zero", (seen) =>
      get(`${SUBNETS}?limit=2&resourceVersion=0&continue=${seen.text("page-1", "metadata.continue")}`),
    ),
    step("page-token-and-match", (seen) =>
      get(`${SUBNETS}?limit=2&resourceVersionMatch=Exact&continue=${seen.text("page-1", "metadata.continue")}`),
    ),
    step("page-from-cache", get(`${SUBNETS}?limit=2&resourceVersion=0`)),

    version("zero", "resourceVersion=0"),
    version("at-least", "resourceVersion=LIST"),
    version("not-older", "resourceVersion=LIST&resourceVersionMatch=NotOlderThan"),
    version("not-older-zero", "resourceVersion=0&resourceVersionMatch=NotOlderThan"),
    version("exact", "resourceVersion=LIST&resourceVersionMatch=Exact"),
    version("exact-with-limit", "resourceVersion=LIST&resourceVersionMatch=Exact&limit=2"),
    version("legacy-exact-with-limit", "resourceVersion=LIST&limit=2"),
    version("exact-zero", "resourceVersion=0&resourceVersionMatch=Exact"),
    version("match-without-version", "resourceVersionMatch=Exact"),
    version("not-older-without-version", "resourceVersionMatch=NotOlderThan"),
    version("unknown-match", "resourceVersion=LIST&resourceVersionMatch=Newest"),
    version("text", "resourceVersion=abc"),
    version("negative", "resourceVersion=-5"),
    version("future", "resourceVersion=999999999"),
    version("future-exact", "resourceVersion=999999999&resourceVersionMatch=Exact"),
    version("send-initial-events", "sendInitialEvents=true&resourceVersionMatch=NotOlderThan"),
    step("get-future-version", get(`${SUBNETS}/a?resourceVersion=999999999`)),
    step("timeout-text", get(`${SUBNETS}?timeoutSeconds=soon`)),
    step("unknown-parameter", get(`${SUBNETS}?colour=blue`)),
    step("list-of-missing-namespace", get(network("diff-absent", "subnets"))),
    step(
      "list-all-namespaces",
      get(`/apis/network.coracle.dev/v1alpha1/networkattachments?fieldSelector=metadata.namespace%3D${NS}`),
    ),
  ],
};
