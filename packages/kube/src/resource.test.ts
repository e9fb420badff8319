// Resource paths, API versions and query text.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatApiVersion,
  formatGroupKind,
  formatGroupResource,
  formatQuery,
  parseApiVersion,
  resourcePath,
} from "./mod.ts";

const PODS = { group: "", version: "v1", resource: "pods" };
const SUBNETS = { group: "network.coracle.dev", version: "v1alpha1", resource: "subnets" };

test("resourcePath builds core and group paths with namespace, name and subresource", () => {
  assert.equal(resourcePath(PODS), "/api/v1/pods");
  assert.equal(resourcePath(PODS, { namespace: "a" }), "/api/v1/namespaces/a/pods");
  assert.equal(
    resourcePath(SUBNETS, { namespace: "a", name: "b", subresource: "status" }),
    "/apis/network.coracle.dev/v1alpha1/namespaces/a/subnets/b/status",
  );
  assert.equal(
    resourcePath(PODS, { namespace: "a", name: "b", subresource: "proxy/x" }),
    "/api/v1/namespaces/a/pods/b/proxy/x",
  );
});

test("resourcePath lets no name step out of its place", () => {
  assert.equal(resourcePath(PODS, { namespace: "a", name: "../b?c#d" }), "/api/v1/namespaces/a/pods/..%2Fb%3Fc%23d");
  assert.throws(() => resourcePath(PODS, { namespace: "..", name: "b" }), /relative/);
  assert.throws(() => resourcePath(PODS, { namespace: "a", name: "." }), /relative/);
  assert.throws(() => resourcePath(PODS, { subresource: "status" }), /needs a name/);
});

test("parseApiVersion and formatApiVersion are each other's inverse", () => {
  for (const text of ["v1", "apps/v1"]) {
    const groupVersion = parseApiVersion(text);
    assert.ok(groupVersion !== undefined);
    assert.equal(formatApiVersion(groupVersion), text);
  }
  assert.equal(parseApiVersion("a/b/c"), undefined);
  assert.equal(formatGroupResource(SUBNETS), "subnets.network.coracle.dev");
  assert.equal(formatGroupResource(PODS), "pods");
  assert.equal(formatGroupKind({ group: "", kind: "Pod" }), "Pod");
});

test("formatQuery writes set parameters in a fixed order, encoded", () => {
  assert.equal(formatQuery({}), "");
  assert.equal(
    formatQuery({ watch: true, resourceVersion: "", labelSelector: "a in (b,c)", allowWatchBookmarks: true, limit: 0 }),
    "labelSelector=a%20in%20(b%2Cc)&limit=0&watch=true&allowWatchBookmarks=true",
  );
  assert.equal(formatQuery({ watch: false, sendInitialEvents: false }), "sendInitialEvents=false");
});
