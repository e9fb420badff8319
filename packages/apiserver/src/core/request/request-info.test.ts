// What a request is about: paths, verbs and the corner cases of namespaces.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseRequestInfo, type ResourceRequestInfo, splitPath } from "./request-info.ts";

function info(method: string, url: string): ResourceRequestInfo {
  const [path = "", query = ""] = url.split("?", 2);
  const parsed = parseRequestInfo(method, path, new URLSearchParams(query));
  assert.equal(parsed.kind, "resource", `${method} ${url}`);
  return parsed as ResourceRequestInfo;
}

function summary(method: string, url: string): string {
  const { verb, group, version, namespace, resource, name, subresource } = info(method, url);
  return [verb, group, version, namespace, resource, name, subresource].join("|");
}

describe("parseRequestInfo()", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["GET", "/api/v1/pods", "list||v1||pods||"],
    ["GET", "/api/v1/pods?watch=true", "watch||v1||pods||"],
    ["GET", "/api/v1/pods?watch", "watch||v1||pods||"],
    ["GET", "/api/v1/pods?watch=0", "list||v1||pods||"],
    ["GET", "/api/v1/pods?watch=False", "list||v1||pods||"],
    ["HEAD", "/api/v1/namespaces/a/pods/b", "get||v1|a|pods|b|"],
    ["POST", "/api/v1/namespaces/a/pods", "create||v1|a|pods||"],
    ["PUT", "/api/v1/namespaces/a/pods/b/status", "update||v1|a|pods|b|status"],
    ["DELETE", "/api/v1/namespaces/a/pods", "deletecollection||v1|a|pods||"],
    ["DELETE", "/api/v1/namespaces/a/pods/b", "delete||v1|a|pods|b|"],
    ["GET", "/api/v1/namespaces", "list||v1||namespaces||"],
    ["GET", "/api/v1/namespaces/a", "get||v1|a|namespaces|a|"],
    ["PUT", "/api/v1/namespaces/a/finalize", "update||v1|a|namespaces|a|finalize"],
    ["PATCH", "/api/v1/namespaces/a/status", "patch||v1|a|namespaces|a|status"],
    ["GET", "/apis/g/v2/namespaces/a/things/b", "get|g|v2|a|things|b|"],
    ["GET", "/apis/g/v2/things", "list|g|v2||things||"],
    ["GET", "/api/v1/watch/namespaces/a/pods", "watch||v1|a|pods||"],
    ["GET", "/api/v1/watch/pods/b", "watch||v1||pods|b|"],
    ["PURGE", "/api/v1/namespaces/a/pods/b", "||v1|a|pods|b|"],
    ["GET", "/api/v1/namespaces/a/pods/x%2Fy", "get||v1|a|pods|x/y|"],
    ["GET", "/api/v1/pods?fieldSelector=metadata.name%3Db", "list||v1||pods|b|"],
    ["GET", "/api/v1/pods?fieldSelector=metadata.name%3Da%5C%2Cb", "list||v1||pods|a,b|"],
    ["GET", "/api/v1/pods?fieldSelector=metadata.name!%3Db", "list||v1||pods||"],
    ["GET", "/api/v1/pods?fieldSelector=metadata.name%3D..", "list||v1||pods||"],
  ];
  for (const [method, url, expected] of cases) {
    it(`reads ${method} ${url}`, () => assert.equal(summary(method, url), expected));
  }

  it("takes everything that names no resource for a non-resource request", () => {
    for (const path of ["/", "/api", "/api/v1", "/apis", "/apis/g", "/apis/g/v1", "/livez", "/openapi/v3/api/v1"]) {
      const parsed = parseRequestInfo("GET", path, new URLSearchParams());
      assert.deepEqual(parsed, { kind: "nonResource", path, verb: "get" });
    }
  });

  it("knows a watch asked by path", () => {
    assert.equal(info("GET", "/api/v1/watch/pods").watchByPath, true);
    assert.equal(info("GET", "/api/v1/pods?watch=1").watchByPath, false);
  });
});

describe("splitPath()", () => {
  it("drops outer slashes and keeps inner empty parts", () => {
    assert.deepEqual(splitPath("//a//b/"), ["a", "", "b"]);
    assert.deepEqual(splitPath("/"), []);
  });

  it("keeps a part that does not decode", () => {
    assert.deepEqual(splitPath("/%zz/%41"), ["%zz", "A"]);
  });
});
