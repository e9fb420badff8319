// Lists: pages that stay on one revision across writes and compaction, revisions asked for, order, remaining counts.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CONFIG_MAP } from "@coracle/api";
import { StatusError } from "@coracle/kube";
import type { Revision } from "@coracle/store";
import { listQuery, RegistryWorld } from "../../testing/registry-world.ts";
import { parseSelection, type Selection } from "../watch/selection.ts";
import { deleteCollection } from "./delete-collection.ts";
import { listPage, type ListResult } from "./list.ts";
import { PLAIN_DELETE } from "../../testing/registry-world.ts";

function select(labels = "", namespace = "default"): Selection {
  return parseSelection(CONFIG_MAP, { namespace, name: "", labelSelector: labels, fieldSelector: "" });
}

async function filled(count: number): Promise<RegistryWorld> {
  const world = await RegistryWorld.open();
  for (let index = 0; index < count; index++) {
    const labels = { parity: index % 2 === 0 ? "even" : "odd" };
    await world.create(CONFIG_MAP, { metadata: { name: `m${index}`, labels } });
  }
  return world;
}

const names = (result: ListResult): string[] => result.objects.map(({ name }) => name);

async function refused(run: Promise<unknown>): Promise<StatusError["status"]> {
  try {
    await run;
  } catch (error) {
    assert.ok(error instanceof StatusError, String(error));
    return error.status;
  }
  assert.fail("nothing was refused");
}

describe("listPage()", () => {
  it("has a revision even when the list is empty, and it is the store's", async () => {
    const world = await RegistryWorld.open();
    const result = await listPage(world.environment, select(), listQuery());
    assert.deepEqual(result.objects, []);
    assert.equal(result.metadata.resourceVersion, String(await world.store.currentRevision()));
    assert.notEqual(result.metadata.resourceVersion, "0");
  });

  it("trap 11: pages show one state whatever is written between them", async () => {
    const world = await filled(6);
    const first = await listPage(world.environment, select(), listQuery("limit=2"));
    assert.deepEqual(names(first), ["m0", "m1"]);
    assert.equal(first.metadata.remainingItemCount, 4);
    await world.delete(CONFIG_MAP, "m2");
    await world.create(CONFIG_MAP, { metadata: { name: "m21" } });
    await world.update(CONFIG_MAP, "m3", (live) => ({ ...live, data: { changed: "yes" } }));
    const token = encodeURIComponent(first.metadata.continue ?? "");
    const second = await listPage(world.environment, select(), listQuery(`limit=2&continue=${token}`));
    assert.deepEqual(names(second), ["m2", "m3"]);
    assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
    assert.equal(second.metadata.remainingItemCount, 2);
    const next = encodeURIComponent(second.metadata.continue ?? "");
    const third = await listPage(world.environment, select(), listQuery(`limit=2&continue=${next}`));
    assert.deepEqual(names(third), ["m4", "m5"]);
    assert.equal(third.metadata.continue, undefined);
  });

  it("trap 11: a token that outlived its history is answered 410 with one to go on inconsistently", async () => {
    const world = await filled(4);
    const first = await listPage(world.environment, select(), listQuery("limit=2"));
    await world.create(CONFIG_MAP, { metadata: { name: "m11" } });
    await world.create(CONFIG_MAP, { metadata: { name: "m9" } });
    await world.store.compact((await world.store.currentRevision()) as Revision);
    const token = encodeURIComponent(first.metadata.continue ?? "");
    const status = await refused(listPage(world.environment, select(), listQuery(`limit=2&continue=${token}`)));
    assert.equal(status.code, 410);
    assert.equal(status.reason, "Expired");
    const fresh = encodeURIComponent(status.metadata.continue ?? "");
    const rest = await listPage(world.environment, select(), listQuery(`continue=${fresh}`));
    assert.deepEqual(names(rest), ["m11", "m2", "m3", "m9"]);
  });

  it("fills selective pages from a past state", async () => {
    const world = await filled(8);
    const first = await listPage(world.environment, select("parity=even"), listQuery("limit=2"));
    assert.deepEqual(names(first), ["m0", "m2"]);
    assert.equal(first.metadata.remainingItemCount, undefined);
    await world.delete(CONFIG_MAP, "m4");
    const token = encodeURIComponent(first.metadata.continue ?? "");
    const second = await listPage(world.environment, select("parity=even"), listQuery(`limit=5&continue=${token}`));
    assert.deepEqual(names(second), ["m4", "m6"]);
  });

  it("obeys the revision asked for", async () => {
    const world = await filled(2);
    const then = world.hub.revision;
    await world.create(CONFIG_MAP, { metadata: { name: "later" } });
    const exact = await listPage(
      world.environment,
      select(),
      listQuery(`resourceVersion=${then}&resourceVersionMatch=Exact`),
    );
    assert.deepEqual(names(exact), ["m0", "m1"]);
    assert.equal(exact.metadata.resourceVersion, String(then));
    const atLeast = await listPage(world.environment, select(), listQuery(`resourceVersion=${then}`));
    assert.deepEqual(names(atLeast), ["later", "m0", "m1"]);
    const future = await refused(listPage(world.environment, select(), listQuery("resourceVersion=999999")));
    assert.equal(future.code, 504);
    assert.equal(future.details?.causes?.[0]?.reason, "ResourceVersionTooLarge");
    assert.equal(future.details?.retryAfterSeconds, 1);
    assert.equal((await refused(listPage(world.environment, select(), listQuery("resourceVersion=x")))).code, 400);
    assert.equal((await refused(listPage(world.environment, select(), listQuery("continue=x")))).code, 400);
  });

  it("answers 410 to an exact revision that is no longer kept", async () => {
    const world = await filled(3);
    const then = world.hub.revision - 1;
    await world.store.compact((await world.store.currentRevision()) as Revision);
    const query = listQuery(`resourceVersion=${then}&resourceVersionMatch=Exact`);
    assert.equal((await refused(listPage(world.environment, select(), query))).reason, "Expired");
  });
});

describe("deleteCollection()", () => {
  it("deletes what is selected, answers with what it was, and leaves the rest", async () => {
    const world = await filled(6);
    const result = await deleteCollection(world.environment, select("parity=odd"), listQuery(), PLAIN_DELETE);
    assert.deepEqual(names(result), ["m1", "m3", "m5"]);
    const left = await listPage(world.environment, select(), listQuery());
    assert.deepEqual(names(left), ["m0", "m2", "m4"]);
  });
});
