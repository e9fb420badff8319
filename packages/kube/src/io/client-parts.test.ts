// The parts of the client that decide without I/O: retries, statuses, headers, media types, discovery names.
import assert from "node:assert/strict";
import { test } from "node:test";
import { HttpClientError } from "@coracle/runtime";
import {
  decodeAggregatedDiscovery,
  decodeApiGroupList,
  decodeApiResourceList,
  decodeApiVersions,
  type ApiResource,
} from "./discovery.ts";
import { impersonationHeaders } from "./impersonation.ts";
import { acceptHeader, isJsonMediaType } from "./media-type.ts";
import { findResource } from "./resource-name.ts";
import { mayRetryFailure, retryAfterAnswer } from "./retry.ts";
import { statusOfAnswer } from "./status-response.ts";

test("retryAfterAnswer() obeys Retry-After on 429 and every 5xx only", () => {
  const headers = { "retry-after": "1" };
  for (const status of [429, 500, 503, 504, 599]) assert.equal(retryAfterAnswer(status, headers, 0), 1000);
  for (const status of [200, 400, 401, 404, 409, 600]) assert.equal(retryAfterAnswer(status, headers, 0), undefined);
  assert.equal(retryAfterAnswer(503, {}, 0), undefined);
});

test("mayRetryFailure() sends a write again only when the server cannot have seen it", () => {
  const reset = new HttpClientError("RESET", "x");
  const unseen = new HttpClientError("GOAWAY", "x", { isUnprocessed: true });
  assert.equal(mayRetryFailure(reset, "GET"), true);
  assert.equal(mayRetryFailure(reset, "POST"), false);
  assert.equal(mayRetryFailure(unseen, "POST"), true);
  assert.equal(mayRetryFailure(new HttpClientError("REFUSED", "x"), "GET"), false);
  assert.equal(mayRetryFailure(new HttpClientError("TLS", "x"), "GET"), false);
  assert.equal(mayRetryFailure(new Error("x"), "GET"), false);
});

test("statusOfAnswer() takes the server's Status, or makes one of a proxy's page", () => {
  const body = '{"kind":"Status","apiVersion":"v1","metadata":{},"reason":"Forbidden","message":"no","code":403}';
  assert.equal(statusOfAnswer({ code: 403, headers: {}, body, wallMs: 0 }).message, "no");
  const page = statusOfAnswer({ code: 503, headers: { "retry-after": "4" }, body: "<html>busy</html>", wallMs: 0 });
  assert.equal(page.reason, "ServiceUnavailable");
  assert.equal(page.code, 503);
  assert.equal(page.details?.retryAfterSeconds, 4);
  assert.equal(page.message, "<html>busy</html>");
  assert.equal(statusOfAnswer({ code: 418, headers: {}, body: "", wallMs: 0 }).reason, undefined);
  assert.equal(statusOfAnswer({ code: 410, headers: {}, body: "", wallMs: 0 }).reason, "Gone");
  assert.equal(statusOfAnswer({ code: 599, headers: {}, body: "{}", wallMs: 0 }).reason, "InternalError");
});

test("impersonationHeaders() repeats groups and extras and escapes extra names", () => {
  assert.deepEqual(impersonationHeaders({ groups: ["a"] }), {}, "nothing without a user");
  assert.deepEqual(
    impersonationHeaders({
      user: "u",
      uid: "i",
      groups: ["a", "b"],
      extra: { "Example.com/Scopes %": ["s", "t"], none: [] },
    }),
    {
      "impersonate-user": "u",
      "impersonate-uid": "i",
      "impersonate-group": ["a", "b"],
      "impersonate-extra-example.com%2Fscopes%20%25": ["s", "t"],
    },
  );
});

test("acceptHeader() lists alternatives and ends in plain JSON", () => {
  assert.equal(acceptHeader("single"), "application/json");
  assert.equal(
    acceptHeader("list", { dropManagedFields: true }),
    "application/json;drop=metadata.managedFields,application/json",
  );
  assert.equal(
    acceptHeader("list", { form: "metadata" }),
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json",
  );
  assert.match(acceptHeader("watch", { form: "metadata" }), /^application\/json;as=PartialObjectMetadata;/);
  assert.match(acceptHeader("list", { form: "table" }), /^application\/json;as=Table;g=meta\.k8s\.io;v=v1,/);
  assert.ok(isJsonMediaType("Application/JSON; charset=utf-8"));
  assert.ok(!isJsonMediaType("text/html"));
  assert.ok(!isJsonMediaType(undefined));
});

function resource(group: string, version: string, name: string, more: Partial<ApiResource> = {}): ApiResource {
  return {
    group,
    version,
    resource: name,
    singular: name.slice(0, -1),
    kind: name.slice(0, -1),
    namespaced: true,
    verbs: [],
    shortNames: [],
    categories: [],
    ...more,
  };
}

test("findResource() reads names as kubectl does", () => {
  const pods = resource("", "v1", "pods", { kind: "Pod", shortNames: ["po"] });
  const events = resource("", "v1", "events", { shortNames: ["ev"] });
  const newEvents = resource("events.k8s.io", "v1", "events", { shortNames: ["ev"] });
  const deployments = resource("apps", "v1", "deployments", { kind: "Deployment", shortNames: ["deploy"] });
  const oldDeployments = resource("apps", "v1beta1", "deployments", { kind: "Deployment" });
  const metrics = resource("metrics.k8s.io", "v1beta1", "pods", { kind: "PodMetrics" });
  const impostor = resource("example.com", "v1", "others", { shortNames: ["pods"] });
  const all = [impostor, pods, events, deployments, oldDeployments, newEvents, metrics];
  assert.equal(findResource("po", all), pods);
  assert.equal(findResource("pods", all), pods, "a plural beats a short name");
  assert.equal(findResource("Pod", all), pods);
  assert.equal(findResource("ev", all), events, "the earlier group wins");
  assert.equal(findResource("events.events.k8s.io", all), newEvents);
  assert.equal(findResource("deployments.apps", all), deployments);
  assert.equal(findResource("deploy.v1beta1.apps", all), undefined, "that version has no short name");
  assert.equal(findResource("deployments.v1beta1.apps", all), oldDeployments);
  assert.equal(findResource("pods.metrics.k8s.io", all), metrics);
  assert.equal(findResource("pods.v1.", all), pods);
  assert.equal(findResource("pods.metrics", all), metrics, "a group's beginning is enough");
  assert.equal(findResource("nothing", all), undefined);
  assert.equal(findResource("", all), undefined);
});

test("discovery documents of both kinds decode to the same resources, and junk to none", () => {
  const aggregated = {
    kind: "APIGroupDiscoveryList",
    items: [
      {
        metadata: { name: "apps" },
        versions: [
          {
            version: "v1",
            resources: [
              {
                resource: "deployments",
                responseKind: { group: "apps", version: "v1", kind: "Deployment" },
                scope: "Namespaced",
                singularResource: "deployment",
                verbs: ["get"],
                shortNames: ["deploy"],
                categories: ["all"],
                subresources: [{ subresource: "status" }],
              },
            ],
          },
        ],
      },
    ],
  };
  const old = {
    kind: "APIResourceList",
    groupVersion: "apps/v1",
    resources: [
      {
        name: "deployments",
        singularName: "deployment",
        namespaced: true,
        kind: "Deployment",
        verbs: ["get"],
        shortNames: ["deploy"],
        categories: ["all"],
      },
      { name: "deployments/status", namespaced: true, kind: "Deployment", verbs: ["get"] },
    ],
  };
  const owner = { group: "apps", version: "v1", path: "/apis/apps/v1" };
  assert.deepEqual(decodeApiResourceList(old, owner), decodeAggregatedDiscovery(aggregated));
  assert.deepEqual(decodeApiVersions({ versions: ["v1"] }), [{ group: "", version: "v1", path: "/api/v1" }]);
  const groups = [
    { name: "apps", versions: [{ version: "v1beta1" }, { version: "v1" }], preferredVersion: { version: "v1" } },
  ];
  assert.deepEqual(decodeApiGroupList({ groups }), [
    owner,
    { group: "apps", version: "v1beta1", path: "/apis/apps/v1beta1" },
  ]);
  for (const junk of [
    undefined,
    null,
    3,
    "x",
    [],
    { kind: "APIGroupDiscoveryList", items: [3, null, { versions: 1 }] },
  ]) {
    assert.deepEqual(decodeAggregatedDiscovery(junk) ?? [], []);
    assert.deepEqual(decodeApiVersions(junk), []);
    assert.deepEqual(decodeApiGroupList(junk), []);
    assert.deepEqual(decodeApiResourceList(junk, owner), []);
  }
});
