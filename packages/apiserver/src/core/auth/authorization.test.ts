// Local rules: who may do what when no Kubernetes is asked; and the caps on requests.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { UserInfo } from "../registry/environment.ts";
import { type AccessAttributes, forbiddenSentence, RuleAuthorizer, STANDALONE_RULES } from "./authorization.ts";
import { InFlight } from "./in-flight.ts";

const user = (name: string, ...groups: readonly string[]): UserInfo => ({ name, uid: "", groups, extra: {} });
const ask = (verb: string, resource: string, more: Partial<AccessAttributes> = {}): AccessAttributes => ({
  verb,
  group: "",
  version: "v1",
  resource,
  subresource: "",
  namespace: "default",
  name: "",
  path: undefined,
  ...more,
});
const path = (text: string): AccessAttributes => ask("get", "", { path: text });

describe("RuleAuthorizer", () => {
  const authorizer = new RuleAuthorizer(STANDALONE_RULES);
  const allows = (who: UserInfo, what: AccessAttributes): boolean => authorizer.authorize(who, what).allowed;

  it("lets administrators do everything", () => {
    const admin = user("admin", "system:masters", "system:authenticated");
    assert.ok(allows(admin, ask("delete", "secrets")) && allows(admin, path("/metrics")));
  });

  it("lets service accounts do everything by its rule, and nothing without", () => {
    const account = user("system:serviceaccount:a:b", "system:serviceaccounts", "system:authenticated");
    assert.ok(allows(account, ask("update", "pods", { subresource: "status" })));
    assert.ok(!allows(account, path("/metrics")));
    assert.ok(!new RuleAuthorizer([]).authorize(account, ask("get", "pods")).allowed);
  });

  it("lets everyone signed in look at discovery and at themselves only", () => {
    const somebody = user("jane", "system:authenticated");
    for (const open of ["/api", "/apis/g/v1", "/openapi/v3", "/version", "/livez/ping"])
      assert.ok(allows(somebody, path(open)));
    assert.ok(allows(somebody, ask("create", "selfsubjectaccessreviews")));
    assert.ok(!allows(somebody, ask("create", "tokenreviews")));
    assert.ok(!allows(somebody, ask("list", "pods")));
  });

  it("lets strangers look at health and nothing else", () => {
    const stranger = user("system:anonymous", "system:unauthenticated");
    assert.ok(allows(stranger, path("/readyz")));
    for (const closed of ["/api", "/version", "/metrics", "/readyzz"]) assert.ok(!allows(stranger, path(closed)));
  });
});

describe("forbiddenSentence()", () => {
  it("says who cannot do what where", () => {
    const jane = user("jane");
    assert.equal(
      forbiddenSentence(jane, ask("list", "pods", { subresource: "status" })),
      'User "jane" cannot list resource "pods/status" in API group "" in the namespace "default"',
    );
    assert.match(forbiddenSentence(jane, ask("list", "nodes", { namespace: "" })), /at the cluster scope$/);
    assert.equal(forbiddenSentence(jane, path("/x")), 'User "jane" cannot get path "/x"');
  });
});

describe("InFlight", () => {
  it("caps reads and writes apart and counts a leave once", () => {
    const inFlight = new InFlight({ readsMax: 1, writesMax: 1 });
    const leave = inFlight.enter(false);
    assert.ok(leave !== undefined);
    assert.equal(inFlight.enter(false), undefined);
    assert.ok(inFlight.enter(true) !== undefined);
    leave();
    leave();
    assert.equal(inFlight.reads, 0);
    assert.ok(inFlight.enter(false) !== undefined);
    assert.equal(inFlight.refused, 1);
  });
});
