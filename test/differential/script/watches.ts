// Area "watch": plain watches, resumed ones, WatchList, selectors and what is refused.
import { attachment, configMap, core, makeNamespace, network, subnet } from "./objects.ts";
import { type Area, del, get, patch, post, step } from "./step.ts";

const NS = "diff-watch";
const SUBNETS = network(NS, "subnets");
const ATTACHMENTS = network(NS, "networkattachments");
const MAPS = core(NS, "configmaps");
const TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1";
const PARTIAL = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const WATCH_LIST = "watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan";

const churn = [
  post(SUBNETS, subnet("churn", 450, "10.50.0.0/24")),
  patch("merge", `${SUBNETS}/churn`, { metadata: { labels: { seen: "yes" } } }),
  patch("merge", `${SUBNETS}/churn/status`, { status: { validated: true } }),
  patch("merge", `${SUBNETS}/churn`, { metadata: { labels: { seen: null } } }),
  del(`${SUBNETS}/churn`),
];

/** Watches. */
export const watches: Area = {
  name: "watch",
  about: "watch, resume, WatchList, selector transitions, Table and metadata-only, refused combinations",
  steps: [
    makeNamespace(NS),
    step("create-a", post(SUBNETS, subnet("a", 401, "10.0.0.0/24", { labels: { env: "prod" } }))),
    step("create-b", post(SUBNETS, subnet("b", 402, "10.1.0.0/24"))),
    step("create-nic", post(ATTACHMENTS, attachment("nic", "node-a", "a"))),
    step("create-map", post(MAPS, configMap("map", { a: "1" }))),
    step("list", get(SUBNETS)),
    step(
      "from-list",
      (seen) => get(`${SUBNETS}?watch=true&resourceVersion=${seen.text("list", "metadata.resourceVersion")}`),
      { during: churn, events: 5 },
    ),
    step(
      "replayed",
      (seen) => get(`${SUBNETS}?watch=true&resourceVersion=${seen.text("list", "metadata.resourceVersion")}`),
      { events: 5 },
    ),
    step(
      "selector-transitions",
      (seen) =>
        get(
          `${SUBNETS}?watch=true&labelSelector=seen%3Dyes&resourceVersion=${seen.text("list", "metadata.resourceVersion")}`,
        ),
      { events: 3 },
    ),
    step(
      "field-selector",
      (seen) =>
        get(
          `${SUBNETS}?watch=true&fieldSelector=spec.vni%3D450&resourceVersion=${seen.text("list", "metadata.resourceVersion")}`,
        ),
      { events: 5 },
    ),
    step(
      "one-name",
      (seen) =>
        get(
          `${SUBNETS}?watch=true&fieldSelector=metadata.name%3Da&resourceVersion=${seen.text("list", "metadata.resourceVersion")}`,
        ),
      {
        during: [
          patch("merge", `${SUBNETS}/b`, { metadata: { labels: { x: "1" } } }),
          patch("merge", `${SUBNETS}/a`, { metadata: { labels: { x: "1" } } }),
        ],
        events: 1,
      },
    ),
    step(
      "one-name-in-path",
      (seen) => get(`${SUBNETS}/a?watch=true&resourceVersion=${seen.text("list", "metadata.resourceVersion")}`),
      { events: 1 },
    ),
    step(
      "legacy-path",
      (seen) =>
        get(
          `/apis/network.coracle.dev/v1alpha1/watch/namespaces/${NS}/subnets?resourceVersion=${seen.text("list", "metadata.resourceVersion")}`,
        ),
      { events: 1 },
    ),
    step("no-version", get(`${SUBNETS}?watch=true`), { events: 2 }),
    step("version-zero", get(`${SUBNETS}?watch=true&resourceVersion=0`), { events: 2 }),
    step("watch-1", get(`${SUBNETS}?watch=1`), { events: 2 }),
    step("watch-false", get(`${SUBNETS}?watch=false&limit=1`)),
    step("watch-text", get(`${SUBNETS}?watch=maybe`), { events: 2 }),
    step(
      "status-transition",
      (seen) =>
        get(
          `${ATTACHMENTS}?watch=true&fieldSelector=status.hostIP%3D192.0.2.7&resourceVersion=${seen.text("create-nic", "metadata.resourceVersion")}`,
        ),
      {
        during: [
          patch("merge", `${ATTACHMENTS}/nic/status`, { status: { hostIP: "192.0.2.7" } }),
          patch("merge", `${ATTACHMENTS}/nic/status`, { status: { hostIP: "192.0.2.8" } }),
        ],
        events: 2,
      },
    ),
    step(
      "ends-by-timeout",
      (seen) =>
        get(
          `${SUBNETS}?watch=true&timeoutSeconds=1&resourceVersion=${seen.text("list", "metadata.resourceVersion")}&fieldSelector=metadata.name%3Db`,
        ),
      { untilEnd: true },
    ),

    step("watch-list", get(`${SUBNETS}?${WATCH_LIST}`), { events: 3 }),
    step("watch-list-then-live", get(`${SUBNETS}?${WATCH_LIST}`), {
      during: [post(SUBNETS, subnet("c", 403, "10.2.0.0/24"))],
      events: 4,
    }),
    step("watch-list-zero", get(`${SUBNETS}?${WATCH_LIST}&resourceVersion=0`), { events: 4 }),
    step(
      "watch-list-from-version",
      (seen) => get(`${SUBNETS}?${WATCH_LIST}&resourceVersion=${seen.text("list", "metadata.resourceVersion")}`),
      { events: 4 },
    ),
    step("watch-list-selector", get(`${SUBNETS}?${WATCH_LIST}&labelSelector=env%3Dprod`), { events: 2 }),
    step("watch-list-empty", get(`${network("default", "subnets")}?${WATCH_LIST}`), { events: 1 }),
    step("watch-list-table", get(`${SUBNETS}?${WATCH_LIST}`, { accept: TABLE }), { events: 4 }),
    step("watch-list-partial", get(`${SUBNETS}?${WATCH_LIST}`, { accept: PARTIAL }), { events: 4 }),
    step(
      "watch-list-without-bookmarks",
      get(`${SUBNETS}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`),
      { events: 3 },
    ),
    step("watch-list-without-match", get(`${SUBNETS}?watch=true&sendInitialEvents=true&allowWatchBookmarks=true`), {
      events: 1,
    }),
    step(
      "watch-list-exact",
      get(`${SUBNETS}?watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=Exact`),
      { events: 1 },
    ),
    step(
      "watch-list-false",
      get(
        `${SUBNETS}?watch=true&sendInitialEvents=false&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&resourceVersion=0`,
      ),
      { during: [patch("merge", `${SUBNETS}/c`, { metadata: { labels: { live: "1" } } })], events: 1 },
    ),
    step("match-without-initial-events", get(`${SUBNETS}?watch=true&resourceVersionMatch=NotOlderThan`), { events: 1 }),
    step("watch-list-future", get(`${SUBNETS}?${WATCH_LIST}&resourceVersion=999999999`), { events: 1 }),

    step(
      "table",
      (seen) =>
        get(`${SUBNETS}?watch=true&resourceVersion=${seen.text("list", "metadata.resourceVersion")}`, {
          accept: TABLE,
        }),
      { events: 2 },
    ),
    step(
      "table-no-object",
      (seen) =>
        get(
          `${SUBNETS}?watch=true&includeObject=None&resourceVersion=${seen.text("list", "metadata.resourceVersion")}`,
          { accept: TABLE },
        ),
      { events: 1 },
    ),
    step(
      "partial",
      (seen) =>
        get(`${SUBNETS}?watch=true&resourceVersion=${seen.text("list", "metadata.resourceVersion")}`, {
          accept: PARTIAL,
        }),
      { events: 2 },
    ),
    step("bad-version", get(`${SUBNETS}?watch=true&resourceVersion=abc`), { events: 1 }),
    step("future-version", get(`${SUBNETS}?watch=true&resourceVersion=999999999`), { events: 1 }),
    step("bad-selector", get(`${SUBNETS}?watch=true&fieldSelector=spec.colour%3Dx`), { events: 1 }),
    step("bad-label-selector", get(`${SUBNETS}?watch=true&labelSelector=a%3D%3D%3Db`), { events: 1 }),
    step("not-acceptable", get(`${SUBNETS}?watch=true`, { accept: "text/csv" }), { events: 1 }),
    step(
      "all-namespaces",
      (seen) =>
        get(
          `/apis/network.coracle.dev/v1alpha1/subnets?watch=true&resourceVersion=${seen.text("list", "metadata.resourceVersion")}&fieldSelector=metadata.namespace%3D${NS},metadata.name%3Dc`,
        ),
      { events: 2 },
    ),

    step(
      "core-from-create",
      (seen) => get(`${MAPS}?watch=true&resourceVersion=${seen.text("create-map", "metadata.resourceVersion")}`),
      { during: [patch("merge", `${MAPS}/map`, { data: { a: "2" } }), del(`${MAPS}/map`)], events: 2 },
    ),
    step("core-watch-list", get(`${core(NS, "secrets")}?${WATCH_LIST}`), { events: 1 }),
    step("core-finalizer-deletion", get(`${MAPS}?watch=true&resourceVersion=0&fieldSelector=metadata.name%3Dheld`), {
      during: [
        post(MAPS, configMap("held", {}, { finalizers: ["example.com/hold"] })),
        del(`${MAPS}/held`),
        patch("merge", `${MAPS}/held`, { metadata: { finalizers: null } }),
      ],
      events: 3,
    }),
  ],
};
