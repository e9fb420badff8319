// Storage semantics of the registry (kube-api §2.4 and its server traps), on a memory store.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ApiObject, CONFIG_MAP, NAMESPACE, POD, SUBNET } from "@coracle/api";
import { StatusError } from "@coracle/kube";
import { RegistryWorld } from "../../testing/registry-world.ts";
import { GENERATE_ATTEMPTS_MAX } from "./generate-name.ts";

async function refused(run: Promise<unknown>): Promise<StatusError["status"]> {
  try {
    await run;
  } catch (error) {
    assert.ok(error instanceof StatusError, String(error));
    return error.status;
  }
  assert.fail("nothing was refused");
}

const subnet = (name: string, vni: number, ipv4 = "10.1.0.0/24"): Parameters<RegistryWorld["create"]>[1] => ({
  metadata: { name },
  spec: { ipv4, vni },
});

describe("create", () => {
  it("gives uid, creation time, generation 1 and the store's revision, and clears the status", async () => {
    const world = await RegistryWorld.open();
    const object = await world.create(SUBNET, { ...subnet("a", 7), status: { validated: true } });
    assert.match(object.metadata.uid ?? "", /^uid-/);
    assert.equal(object.metadata.creationTimestamp, "2023-11-14T22:13:20Z");
    assert.equal(object.metadata.generation, 1);
    assert.equal(object.metadata.resourceVersion, String(await world.store.currentRevision()));
    assert.notDeepEqual(object["status"], { validated: true });
  });

  it("refuses a resource version, an existing name, a missing and a terminating namespace", async () => {
    const world = await RegistryWorld.open();
    const versioned = { metadata: { name: "a", resourceVersion: "5" } };
    assert.equal((await refused(world.create(CONFIG_MAP, versioned))).code, 500);
    await world.create(CONFIG_MAP, { metadata: { name: "a" } });
    assert.equal((await refused(world.create(CONFIG_MAP, { metadata: { name: "a" } }))).reason, "AlreadyExists");
    const nowhere = { namespace: "nowhere" };
    const missing = await refused(world.create(CONFIG_MAP, { metadata: { name: "b" } }, nowhere));
    assert.equal(missing.reason, "NotFound");
    assert.equal(missing.details?.kind, "namespaces");
    await world.delete(NAMESPACE, "other");
    const ending = await refused(world.create(CONFIG_MAP, { metadata: { name: "b" } }, { namespace: "other" }));
    assert.equal(ending.code, 403);
    assert.equal(ending.details?.causes?.[0]?.reason, "NamespaceTerminating");
  });

  it("writes nothing on a dry run, but finds what a real one would", async () => {
    const world = await RegistryWorld.open();
    const before = await world.store.currentRevision();
    const object = await world.create(CONFIG_MAP, { metadata: { name: "a" } }, { dryRun: true });
    assert.equal(object.metadata.name, "a");
    assert.equal(await world.store.currentRevision(), before);
    await world.create(CONFIG_MAP, { metadata: { name: "a" } });
    const again = world.create(CONFIG_MAP, { metadata: { name: "a" } }, { dryRun: true });
    assert.equal((await refused(again)).reason, "AlreadyExists");
  });

  it("drops repeated owner references with a warning", async () => {
    const world = await RegistryWorld.open();
    const owner = { apiVersion: "v1", kind: "ConfigMap", name: "o", uid: "u" };
    const object = await world.create(CONFIG_MAP, { metadata: { name: "a", ownerReferences: [owner, { ...owner }] } });
    assert.equal(object.metadata.ownerReferences?.length, 1);
    assert.match(world.warnings.join(), /duplicate UID\(s\) observed: u/);
  });
});

describe("trap 20: generateName collisions", () => {
  it("tries eight names, then says that none was free", async () => {
    const world = await RegistryWorld.open();
    let draws = 0;
    const random = { next: () => 0, uint32: () => 0, bytes: (size: number) => (draws++, new Uint8Array(size)) };
    const stuck = { ...world.environment, random };
    const { createObject } = await import("./create.ts");
    const object: ApiObject = { apiVersion: "v1", kind: "ConfigMap", metadata: { generateName: "job-" } };
    const create = (): Promise<unknown> =>
      createObject(stuck, world.target(CONFIG_MAP, ""), { object, tracked: false }, world.context());
    await create();
    let attempts = 0;
    const counting = { ...stuck, newUid: () => `n${++attempts}` };
    const status = await refused(
      createObject(counting, world.target(CONFIG_MAP, ""), { object, tracked: false }, world.context()),
    );
    assert.equal(attempts, GENERATE_ATTEMPTS_MAX);
    assert.equal(status.reason, "AlreadyExists");
    assert.equal(status.details?.retryAfterSeconds, 1);
    assert.match(status.message ?? "", /was not able to generate a unique name/);
    assert.equal(draws, 0);
  });

  it("cuts a long base so that the name stays within 63 characters", async () => {
    const world = await RegistryWorld.open();
    const object = await world.create(CONFIG_MAP, { metadata: { generateName: "x".repeat(80) } });
    assert.equal(object.metadata.name?.length, 63);
  });
});

describe("update", () => {
  it("needs the right resource version, or none where the kind allows that", async () => {
    const world = await RegistryWorld.open();
    const made = await world.create(SUBNET, subnet("a", 7));
    const old = { ...made, metadata: { ...made.metadata, labels: { a: "1" } } };
    await world.update(SUBNET, "a", () => old);
    assert.equal((await refused(world.update(SUBNET, "a", () => old))).reason, "Conflict");
    const { resourceVersion: _version, ...metadata } = made.metadata;
    const status = await refused(world.update(SUBNET, "a", () => ({ ...made, metadata })));
    assert.equal(status.code, 422);
    assert.equal(status.details?.causes?.[0]?.field, "metadata.resourceVersion");
    await world.create(CONFIG_MAP, { metadata: { name: "m" } });
    const map: ApiObject = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "m" }, data: { k: "v" } };
    const updated = await world.update(CONFIG_MAP, "m", () => map);
    assert.deepEqual(updated["data"], { k: "v" });
  });

  it("takes a uid in the body as a precondition", async () => {
    const world = await RegistryWorld.open();
    await world.create(CONFIG_MAP, { metadata: { name: "m" } });
    const status = await refused(world.update(CONFIG_MAP, "m", (live) => live, { uid: "another" }));
    assert.equal(status.reason, "Conflict");
    assert.match(status.message ?? "", /Precondition failed: UID in precondition: another/);
  });

  it("keeps what the server owns, whatever the body says", async () => {
    const world = await RegistryWorld.open();
    const made = await world.create(SUBNET, subnet("a", 7));
    const updated = await world.update(SUBNET, "a", (live) => ({
      ...live,
      metadata: { ...live.metadata, creationTimestamp: "2001-01-01T00:00:00Z", generation: 99, labels: { a: "b" } },
    }));
    assert.equal(updated.metadata.creationTimestamp, made.metadata.creationTimestamp);
    assert.equal(updated.metadata.generation, 1);
    assert.equal(updated.metadata.uid, made.metadata.uid);
  });

  it("trap 5: a no-op keeps the resource version and tells no watcher", async () => {
    const world = await RegistryWorld.open();
    const made = await world.create(SUBNET, subnet("a", 7));
    const before = await world.store.currentRevision();
    world.clock.advance(5000);
    const updated = await world.update(SUBNET, "a", (live) => ({ ...live }));
    assert.equal(updated.metadata.resourceVersion, made.metadata.resourceVersion);
    assert.equal(await world.store.currentRevision(), before);
  });

  it("keeps spec and status apart", async () => {
    const world = await RegistryWorld.open();
    await world.create(SUBNET, subnet("a", 7));
    const status = { validated: true };
    const changed = await world.update(
      SUBNET,
      "a",
      (live) => ({ ...live, status, spec: { ipv4: "10.9.0.0/24", vni: 9 } }),
      {
        subresource: "status",
      },
    );
    assert.deepEqual(changed["spec"], { ipv4: "10.1.0.0/24", vni: 7 });
    assert.equal(changed.metadata.generation, 1);
    const main = await world.update(SUBNET, "a", (live) => ({
      ...live,
      status: {},
      metadata: { ...live.metadata, labels: { x: "y" } },
    }));
    assert.deepEqual(main["status"], changed["status"]);
  });

  it("trap 18: of two writers with one resource version exactly one gets 409", async () => {
    const world = await RegistryWorld.open();
    const made = await world.create(CONFIG_MAP, { metadata: { name: "m" } });
    const write = (value: string): Promise<ApiObject> =>
      world.update(CONFIG_MAP, "m", () => ({ ...made, data: { value } }));
    const outcomes = await Promise.allSettled([write("a"), write("b")]);
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  });

  it("absorbs other writers when no resource version is pinned", async () => {
    const world = await RegistryWorld.open();
    await world.create(CONFIG_MAP, { metadata: { name: "m" }, data: { count: "0" } });
    const add = (): Promise<ApiObject> =>
      world.update(CONFIG_MAP, "m", (live) => {
        const { resourceVersion: _version, ...metadata } = live.metadata;
        const { count } = live["data"] as { readonly count: string };
        return { ...live, metadata, data: { count: String(Number(count) + 1) } };
      });
    await Promise.all(Array.from({ length: 20 }, add));
    const last = await add();
    assert.deepEqual(last["data"], { count: "21" });
  });
});

describe("delete", () => {
  it("answers with a Status naming what went, and 404 afterwards", async () => {
    const world = await RegistryWorld.open();
    const made = await world.create(SUBNET, subnet("a", 7));
    const outcome = await world.delete(SUBNET, "a");
    assert.equal(outcome.deleted, true);
    assert.ok(outcome.answer.kind === "status");
    assert.deepEqual(outcome.answer.status.details, {
      name: "a",
      group: "network.coracle.dev",
      kind: "subnets",
      uid: made.metadata.uid,
    });
    assert.equal((await refused(world.delete(SUBNET, "a"))).reason, "NotFound");
  });

  it("honours preconditions", async () => {
    const world = await RegistryWorld.open();
    const made = await world.create(SUBNET, subnet("a", 7));
    const wrongUid = { preconditions: { uid: "another", resourceVersion: undefined } };
    assert.equal((await refused(world.delete(SUBNET, "a", wrongUid))).reason, "Conflict");
    const wrongVersion = { preconditions: { uid: made.metadata.uid, resourceVersion: "1" } };
    assert.equal((await refused(world.delete(SUBNET, "a", wrongVersion))).reason, "Conflict");
    const right = { preconditions: { uid: made.metadata.uid, resourceVersion: made.metadata.resourceVersion } };
    assert.equal((await world.delete(SUBNET, "a", right)).deleted, true);
  });

  it("waits for finalizers, raises the generation, and ends with the last finalizer", async () => {
    const world = await RegistryWorld.open();
    await world.create(SUBNET, { ...subnet("a", 7), metadata: { name: "a", finalizers: ["example.com/hold"] } });
    const outcome = await world.delete(SUBNET, "a");
    assert.equal(outcome.deleted, false);
    assert.ok(outcome.answer.kind === "object");
    assert.ok(outcome.answer.object.metadata.deletionTimestamp !== undefined);
    assert.equal(outcome.answer.object.metadata.deletionGracePeriodSeconds, 0);
    assert.equal(outcome.answer.object.metadata.generation, 2);
    const before = await world.store.currentRevision();
    await world.delete(SUBNET, "a");
    assert.equal(await world.store.currentRevision(), before, "a second delete changes nothing");
    const more = (live: ApiObject): ApiObject => ({
      ...live,
      metadata: { ...live.metadata, finalizers: ["example.com/hold", "example.com/more"] },
    });
    assert.equal((await refused(world.update(SUBNET, "a", more))).code, 422);
    await world.update(SUBNET, "a", (live) => {
      const { finalizers: _finalizers, ...metadata } = live.metadata;
      return { ...live, metadata };
    });
    assert.equal(world.get(SUBNET, "a"), undefined);
  });

  it("turns the propagation policy into the finalizer the collector acts on", async () => {
    const world = await RegistryWorld.open();
    for (const [name, options, expected] of [
      ["f", { propagationPolicy: "Foreground" }, ["foregroundDeletion"]],
      ["o", { propagationPolicy: "Orphan" }, ["orphan"]],
      ["old", { orphanDependents: true }, ["orphan"]],
    ] as const) {
      await world.create(CONFIG_MAP, { metadata: { name } });
      await world.delete(CONFIG_MAP, name, options);
      assert.deepEqual(world.get(CONFIG_MAP, name)?.finalizers, expected);
    }
    await world.create(CONFIG_MAP, { metadata: { name: "b", finalizers: ["orphan"] } });
    assert.equal((await world.delete(CONFIG_MAP, "b", { propagationPolicy: "Background" })).deleted, true);
  });

  it("gives a placed pod its grace period, which can only be shortened", async () => {
    const world = await RegistryWorld.open();
    const spec = { nodeName: "n", containers: [{ name: "c", image: "i" }] };
    await world.create(POD, { metadata: { name: "p" }, spec });
    await world.delete(POD, "p");
    assert.equal(world.get(POD, "p")?.deletionGracePeriodSeconds, 30);
    await world.delete(POD, "p", { gracePeriodSeconds: 60 });
    assert.equal(world.get(POD, "p")?.deletionGracePeriodSeconds, 30);
    await world.delete(POD, "p", { gracePeriodSeconds: 5 });
    assert.equal(world.get(POD, "p")?.deletionGracePeriodSeconds, 5);
    assert.equal((await world.delete(POD, "p", { gracePeriodSeconds: 0 })).deleted, true);
    assert.equal(world.get(POD, "p"), undefined);
  });

  it("succeeds where another removes first what it has marked", async () => {
    const world = await RegistryWorld.open();
    await world.create(POD, { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "i" }] } });
    const removals: Promise<unknown>[] = [];
    world.hub.cacheOf(POD).listen(({ current }) => {
      if (current?.metadata.deletionTimestamp !== undefined) removals.push(world.store.delete(current.key));
    });
    const outcome = await world.delete(POD, "p", { gracePeriodSeconds: 0 });
    assert.equal(removals.length, 1);
    assert.equal(outcome.deleted, true);
    assert.ok(outcome.answer.kind === "object" && outcome.answer.object.metadata.deletionGracePeriodSeconds === 0);
    assert.equal((await refused(world.delete(POD, "p"))).reason, "NotFound");
  });

  it("never takes the namespaces a cluster cannot do without", async () => {
    const world = await RegistryWorld.open();
    assert.equal((await refused(world.delete(NAMESPACE, "default"))).code, 403);
  });

  it("changes nothing on a dry run", async () => {
    const world = await RegistryWorld.open();
    await world.create(CONFIG_MAP, { metadata: { name: "m" } });
    assert.equal((await world.delete(CONFIG_MAP, "m", { dryRun: true })).deleted, true);
    assert.ok(world.get(CONFIG_MAP, "m") !== undefined);
  });
});

describe("the subnet conflict check", () => {
  it("lets exactly one of many simultaneous creates of overlapping subnets through", async () => {
    const world = await RegistryWorld.open();
    const names = Array.from({ length: 10 }, (_, index) => `s${index}`);
    const outcomes = await Promise.allSettled(names.map((name) => world.create(SUBNET, subnet(name, 7))));
    assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
    assert.equal(world.environment.createLock.size, 0);
  });

  it("keeps a VNI in one namespace and lets other VNIs overlap", async () => {
    const world = await RegistryWorld.open();
    await world.create(SUBNET, subnet("a", 7));
    await world.create(SUBNET, subnet("b", 8));
    const elsewhere = world.create(SUBNET, subnet("c", 7, "10.2.0.0/24"), { namespace: "other" });
    const status = await refused(elsewhere);
    assert.equal(status.code, 422);
    assert.deepEqual(
      status.details?.causes?.map(({ reason, field }) => [reason, field]),
      [["FieldValueForbidden", "spec.vni"]],
    );
  });
});
