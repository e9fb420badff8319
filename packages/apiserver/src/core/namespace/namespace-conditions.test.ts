// What a namespace says while it ends.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { namespaceConditions } from "./namespace-conditions.ts";

const NOTHING = { resources: new Map<string, number>(), finalizers: new Map<string, number>(), failures: [] };

describe("namespaceConditions()", () => {
  it("says that all is well with five conditions", () => {
    const conditions = namespaceConditions(NOTHING, [], "now");
    assert.equal(conditions.length, 5);
    assert.ok(conditions.every(({ status }) => status === "False"));
  });

  it("counts what is left, by name", () => {
    const remaining = {
      ...NOTHING,
      resources: new Map([
        ["pods.", 2],
        ["a.b", 1],
      ]),
      finalizers: new Map([["x/y", 3]]),
    };
    const texts = namespaceConditions(remaining, [], "now").map(({ message }) => message);
    assert.ok(
      texts.includes("Some resources are remaining: a.b has 1 resource instances, pods. has 2 resource instances"),
    );
    assert.ok(texts.includes("Some content in the namespace has finalizers remaining: x/y in 3 resource instances"));
  });

  it("keeps the time of a condition whose status stays", () => {
    const before = namespaceConditions(NOTHING, [], "then");
    const failing = { ...NOTHING, failures: ["no"] };
    const after = namespaceConditions(failing, before, "now");
    const times = Object.fromEntries(after.map(({ type, lastTransitionTime }) => [type, lastTransitionTime]));
    assert.equal(times["NamespaceDeletionContentFailure"], "now");
    assert.equal(times["NamespaceContentRemaining"], "then");
  });
});
