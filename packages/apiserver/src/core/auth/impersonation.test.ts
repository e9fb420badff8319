// Impersonation headers: who is meant, which rights that takes, what makes no sense.
import assert from "node:assert/strict";
import { it } from "node:test";
import { parseImpersonation } from "./impersonation.ts";

function parse(headers: Record<string, string>): ReturnType<typeof parseImpersonation> {
  return parseImpersonation({ entries: Object.entries(headers) });
}

it("parseImpersonation() asks for nothing without headers", () => assert.equal(parse({ accept: "*/*" }), undefined));

it("parseImpersonation() names user, groups, uid and extra, and a right for each", () => {
  const asked = parse({
    "impersonate-user": "jane",
    "impersonate-group": "dev, ops",
    "impersonate-uid": "7",
    "impersonate-extra-reason%2fcode": "x",
  });
  assert.ok(asked !== undefined && typeof asked !== "string");
  assert.deepEqual(asked.user, {
    name: "jane",
    uid: "7",
    groups: ["dev", "ops", "system:authenticated"],
    extra: { "reason/code": ["x"] },
  });
  assert.deepEqual(
    asked.needed.map(({ resource, subresource, name }) => [resource, subresource, name]),
    [
      ["users", "", "jane"],
      ["groups", "", "dev"],
      ["groups", "", "ops"],
      ["uids", "", "7"],
      ["userextras", "reason/code", "x"],
    ],
  );
});

it("parseImpersonation() knows service accounts and the anonymous user", () => {
  const account = parse({ "impersonate-user": "system:serviceaccount:shop:agent" });
  assert.ok(account !== undefined && typeof account !== "string");
  assert.deepEqual(account.user.groups, [
    "system:serviceaccounts",
    "system:serviceaccounts:shop",
    "system:authenticated",
  ]);
  assert.equal(account.needed[0]?.resource, "serviceaccounts");
  assert.equal(account.needed[0]?.namespace, "shop");
  const anonymous = parse({ "impersonate-user": "system:anonymous" });
  assert.ok(anonymous !== undefined && typeof anonymous !== "string");
  assert.deepEqual(anonymous.user.groups, ["system:unauthenticated"]);
});

it("parseImpersonation() refuses groups without a user", () => {
  const refused = parse({ "impersonate-group": "system:masters" });
  assert.ok(typeof refused === "string");
  assert.match(refused, /without a user/);
});
