// The garbage collector's decisions, state by state.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ApiObject, CONFIG_MAP, type ObjectMeta, type OwnerReference, SECRET } from "@coracle/api";
import { revision } from "@coracle/store";
import { encodeForStore, storedObject, type StoredObject } from "../watch/stored-object.ts";
import { type CollectorAction, decide } from "./decision.ts";
import { OwnerGraph } from "./owner-graph.ts";

let revisions = 1;

function stored(metadata: ObjectMeta, definition = CONFIG_MAP): StoredObject {
  const object: ApiObject = {
    apiVersion: "v1",
    kind: definition.kind,
    metadata: { namespace: "default", uid: `uid-${metadata.name ?? ""}`, ...metadata },
  };
  const modRevision = revision(++revisions);
  const key = `/registry/core/${definition.plural}/${object.metadata.namespace ?? ""}/${metadata.name ?? ""}`;
  const value = encodeForStore(definition, object);
  return storedObject(definition, { key, value, createRevision: modRevision, modRevision });
}

function ownedBy(...names: readonly string[]): readonly OwnerReference[] {
  return names.map((name) => ({ apiVersion: "v1", kind: "ConfigMap", name, uid: `uid-${name}` }));
}

const GONE = { deletionTimestamp: "2026-01-01T00:00:00Z" };

function action(object: StoredObject, others: readonly StoredObject[]): CollectorAction {
  const graph = new OwnerGraph();
  for (const one of [object, ...others]) graph.update(undefined, one);
  return decide(object, graph, (group, kind) => group === "" && (kind === "ConfigMap" || kind === "Secret"));
}

describe("decide()", () => {
  it("leaves objects without owners and with living owners alone", () => {
    assert.equal(action(stored({ name: "a" }), []).kind, "nothing");
    assert.equal(action(stored({ name: "a", ownerReferences: ownedBy("o") }), [stored({ name: "o" })]).kind, "nothing");
  });

  it("deletes in the background when every owner is gone", () => {
    const orphaned = stored({ name: "a", ownerReferences: ownedBy("o", "p") });
    assert.deepEqual(action(orphaned, []), { kind: "delete", policy: "Background" });
  });

  it("forgets owners that are gone while another lives", () => {
    const object = stored({ name: "a", ownerReferences: ownedBy("o", "p") });
    assert.deepEqual(action(object, [stored({ name: "p" })]), { kind: "forgetOwners", uids: ["uid-o"] });
  });

  it("takes an owner of the same name with another uid for gone", () => {
    const object = stored({ name: "a", ownerReferences: ownedBy("o") });
    assert.equal(action(object, [stored({ name: "o", uid: "uid-of-the-next-o" })]).kind, "delete");
  });

  it("takes an owner in another namespace for gone", () => {
    const object = stored({ name: "a", ownerReferences: ownedBy("o") });
    assert.equal(action(object, [stored({ name: "o", namespace: "other" })]).kind, "delete");
  });

  it("never judges owners of kinds that are not served here", () => {
    const ownerReferences = [{ apiVersion: "apps/v1", kind: "Deployment", name: "d", uid: "u" }];
    assert.equal(action(stored({ name: "a", ownerReferences }), []).kind, "nothing");
  });

  it("follows the finalizer an object came with", () => {
    const finalizers = ["orphan"];
    const object = stored({ name: "a", ownerReferences: ownedBy("o"), finalizers });
    assert.deepEqual(action(object, []), { kind: "delete", policy: "Orphan" });
  });

  describe("of an owner that is being deleted in the foreground", () => {
    const owner = stored({ name: "o", ...GONE, finalizers: ["foregroundDeletion"] });
    const references = ownedBy("o").map((reference) => ({ ...reference, blockOwnerDeletion: true }));
    const blocking = stored({ name: "a", ownerReferences: references });

    it("visits dependents while one blocks", () => {
      const decided = action(owner, [blocking]);
      assert.ok(decided.kind === "visit");
      assert.deepEqual(
        decided.dependents.map(({ name }) => name),
        ["a"],
      );
    });

    it("deletes the dependent, in the foreground if it has dependents of its own", () => {
      assert.deepEqual(action(blocking, [owner]), { kind: "delete", policy: "Background" });
      const below = stored({ name: "b", ownerReferences: ownedBy("a") }, SECRET);
      assert.deepEqual(action(blocking, [owner, below]), { kind: "delete", policy: "Foreground" });
    });

    it("lets it go when nothing blocks any more", () => {
      const loose = stored({ name: "a", ownerReferences: ownedBy("o") });
      assert.deepEqual(action(owner, [loose]), { kind: "removeFinalizer", finalizer: "foregroundDeletion" });
    });
  });

  it("makes dependents of an owner deleted with Orphan forget it, then lets it go", () => {
    const owner = stored({ name: "o", ...GONE, finalizers: ["orphan"] });
    const dependent = stored({ name: "a", ownerReferences: ownedBy("o") });
    assert.equal(action(owner, [dependent]).kind, "orphan");
    assert.deepEqual(action(owner, []), { kind: "removeFinalizer", finalizer: "orphan" });
  });
});

describe("OwnerGraph", () => {
  it("follows changes of references and forgets what is gone", () => {
    const graph = new OwnerGraph();
    const before = stored({ name: "a", ownerReferences: ownedBy("o") });
    graph.update(undefined, before);
    assert.deepEqual(
      graph.dependentsOf("uid-o").map(({ name }) => name),
      ["a"],
    );
    const after = stored({ name: "a", ownerReferences: ownedBy("p") });
    graph.update(before, after);
    assert.deepEqual(graph.dependentsOf("uid-o"), []);
    assert.equal(graph.dependentsOf("uid-p").length, 1);
    graph.update(after, undefined);
    assert.equal(graph.size, 0);
    assert.deepEqual(graph.dependentsOf("uid-p"), []);
  });
});
