// The watch cache: resume, selector transitions, bookmarks, slow clients, one encoding for all, order of streaming lists.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { millis, SeededRandom } from "@coracle/base";
import { CONFIG_MAP, NETWORK_ATTACHMENT, SUBNET } from "@coracle/api";
import { MemoryStore } from "@coracle/store";
import { RegistryWorld } from "../../testing/registry-world.ts";
import { jsonRenderer, tableRenderer } from "../render/renderer.ts";
import { EventHistory } from "./event-history.ts";
import { parseSelection, type Selection } from "./selection.ts";
import { atRevision, decodeStored } from "./stored-object.ts";
import type { WatchCache } from "./watch-cache.ts";
import type { Watcher, WatcherLimits } from "./watcher.ts";

interface Seen {
  readonly type: string;
  readonly name: string;
  readonly revision: number;
  readonly labels: { readonly [key: string]: string };
}

/** Takes every frame there is now. */
function drain(watcher: Watcher): Seen[] {
  const seen: Seen[] = [];
  for (let frame = watcher.next(); frame !== undefined; frame = watcher.next()) {
    const { type, object } = JSON.parse(new TextDecoder().decode(frame)) as {
      type: string;
      object: { metadata: { name?: string; resourceVersion: string; labels?: { [key: string]: string } } };
    };
    const { name = "", resourceVersion, labels = {} } = object.metadata;
    seen.push({ type, name, revision: Number(resourceVersion), labels });
  }
  return seen;
}

function select(
  definition = CONFIG_MAP,
  selectors: { labels?: string; fields?: string; namespace?: string } = {},
): Selection {
  const { labels = "", fields = "", namespace = "" } = selectors;
  return parseSelection(definition, { namespace, name: "", labelSelector: labels, fieldSelector: fields });
}

function start(
  world: RegistryWorld,
  selection: Selection,
  from: Parameters<WatchCache["watch"]>[0]["from"],
  limits?: WatcherLimits,
): Watcher {
  const cache = world.hub.cacheOf(selection.definition);
  const renderer = jsonRenderer(selection.definition);
  const begin = { selection, renderer, from, ...(limits === undefined ? {} : { limits }) };
  const watcher = cache.watch(begin, world.hub.revision);
  assert.ok(watcher !== undefined, "the watch began");
  return watcher;
}

const map = (name: string, labels?: Record<string, string>): Parameters<RegistryWorld["create"]>[1] => ({
  metadata: { name, ...(labels === undefined ? {} : { labels }) },
});

async function label(world: RegistryWorld, name: string, labels: Record<string, string>): Promise<void> {
  await world.update(CONFIG_MAP, name, (live) => ({ ...live, metadata: { ...live.metadata, labels } }));
}

describe("trap 7: resuming", () => {
  it("is refused below what the history holds, and loses and repeats nothing just inside", async () => {
    const world = await RegistryWorld.open({
      historyLimits: { eventsMax: 5, sizeBytesMax: 1 << 20, ageMaxMs: 1e9 },
    });
    const revisions: number[] = [];
    for (let index = 0; index < 9; index++) {
      const made = await world.create(CONFIG_MAP, map(`m${index}`));
      revisions.push(Number(made.metadata.resourceVersion));
    }
    const cache = world.hub.cacheOf(CONFIG_MAP);
    assert.equal(cache.history.size, 5);
    const oldest = revisions[3] ?? 0;
    assert.equal(cache.history.coveredFrom, oldest);
    const selection = select();
    const renderer = jsonRenderer(CONFIG_MAP);
    const from = (after: number): Parameters<WatchCache["watch"]>[0] => ({
      selection,
      renderer,
      from: { kind: "changes", after },
    });
    assert.equal(cache.watch(from(oldest - 1), world.hub.revision), undefined);
    const watcher = cache.watch(from(oldest), world.hub.revision);
    assert.ok(watcher !== undefined);
    await world.create(CONFIG_MAP, map("m9"));
    assert.deepEqual(
      drain(watcher).map(({ name }) => name),
      ["m4", "m5", "m6", "m7", "m8", "m9"],
    );
  });

  it("works across a restart: the history is read back from the store", async () => {
    const store = new MemoryStore();
    const before = await RegistryWorld.open({ store });
    const made = await before.create(CONFIG_MAP, map("a"));
    await before.create(CONFIG_MAP, map("b"));
    before.hub.close();
    const after = await RegistryWorld.open({ store });
    const watcher = start(after, select(), { kind: "changes", after: Number(made.metadata.resourceVersion) });
    assert.deepEqual(
      drain(watcher).map(({ type, name }) => `${type} ${name}`),
      ["ADDED b"],
    );
  });

  it("from a revision that has not happened yet waits for it", async () => {
    const world = await RegistryWorld.open();
    const watcher = start(world, select(), { kind: "changes", after: world.hub.revision + 1 });
    await world.create(CONFIG_MAP, map("early"));
    await world.create(CONFIG_MAP, map("late"));
    assert.deepEqual(
      drain(watcher).map(({ name }) => name),
      ["late"],
    );
  });
});

describe("trap 9: selector transitions", () => {
  it("shows an object that leaves as DELETED with its old state and the new revision, and one that enters as ADDED", async () => {
    const world = await RegistryWorld.open();
    const watcher = start(world, select(CONFIG_MAP, { labels: "app=a" }), {
      kind: "changes",
      after: world.hub.revision,
    });
    await world.create(CONFIG_MAP, map("x", { app: "a" }));
    await label(world, "x", { app: "a", more: "1" });
    await label(world, "x", { app: "b" });
    const left = world.hub.revision;
    await label(world, "x", { app: "c" });
    await label(world, "x", { app: "a" });
    await world.delete(CONFIG_MAP, "x");
    const seen = drain(watcher);
    assert.deepEqual(
      seen.map(({ type }) => type),
      ["ADDED", "MODIFIED", "DELETED", "ADDED", "DELETED"],
    );
    assert.deepEqual(seen[2]?.labels, { app: "a", more: "1" });
    assert.equal(seen[2]?.revision, left);
    assert.equal(seen[4]?.revision, world.hub.revision);
  });

  it("works for fields, through the index, in both directions", async () => {
    const world = await RegistryWorld.open();
    const mine = select(NETWORK_ATTACHMENT, { fields: "status.addressVNI=7" });
    const others = select(NETWORK_ATTACHMENT, { fields: "status.addressVNI!=7" });
    const watching = start(world, mine, { kind: "changes", after: world.hub.revision });
    const opposite = start(world, others, { kind: "changes", after: world.hub.revision });
    await world.create(NETWORK_ATTACHMENT, { metadata: { name: "a" }, spec: { node: "n", subnet: "s" } });
    const setVni = (vni: number): Promise<unknown> =>
      world.update(NETWORK_ATTACHMENT, "a", (live) => ({ ...live, status: { addressVNI: vni } }), {
        subresource: "status",
      });
    await setVni(7);
    await setVni(8);
    assert.deepEqual(
      drain(watching).map(({ type }) => type),
      ["ADDED", "DELETED"],
    );
    assert.deepEqual(
      drain(opposite).map(({ type }) => type),
      ["ADDED", "DELETED", "ADDED"],
    );
  });

  it("asks only the watchers an event can concern", async () => {
    const world = await RegistryWorld.open();
    const cache = world.hub.cacheOf(NETWORK_ATTACHMENT);
    const asked = new Set<string>();
    for (let node = 0; node < 100; node++) {
      const selection = select(NETWORK_ATTACHMENT, { fields: `spec.node=n${node}` });
      const watcher = start(world, selection, { kind: "changes", after: world.hub.revision });
      const offer = watcher.offer.bind(watcher);
      watcher.offer = (event) => {
        asked.add(`n${node}`);
        offer(event);
      };
    }
    await world.create(NETWORK_ATTACHMENT, { metadata: { name: "a" }, spec: { node: "n42", subnet: "s" } });
    assert.deepEqual([...asked], ["n42"]);
    assert.equal(cache.watchers, 100);
  });
});

describe("trap 10: bookmarks", () => {
  it("never name a revision beyond an event that was not sent", async () => {
    const world = await RegistryWorld.open();
    const watcher = start(world, select(), { kind: "changes", after: world.hub.revision });
    await world.create(CONFIG_MAP, map("a"));
    watcher.offerBookmark(world.hub.revision);
    assert.deepEqual(
      drain(watcher).map(({ type }) => type),
      ["ADDED"],
      "a client that is behind needs no bookmark",
    );
    watcher.offerBookmark(world.hub.revision);
    await world.create(CONFIG_MAP, map("b"));
    const seen = drain(watcher);
    assert.deepEqual(
      seen.map(({ type }) => type),
      ["BOOKMARK", "ADDED"],
    );
    assert.ok((seen[0]?.revision ?? 0) < (seen[1]?.revision ?? 0));
  });
});

describe("trap 8: streaming lists under writes", () => {
  it("give snapshot, end mark and then exactly the log, in every interleaving of reads and writes", async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const world = await RegistryWorld.open();
      const random = new SeededRandom(seed);
      const alive = new Map<string, number>();
      const write = async (): Promise<void> => {
        const name = `m${random.uint32() % 8}`;
        if (alive.has(name) && random.next() < 0.4) {
          await world.delete(CONFIG_MAP, name);
          alive.delete(name);
        } else if (alive.has(name)) {
          await label(world, name, { v: String(random.uint32()) });
          alive.set(name, world.hub.revision);
        } else {
          await world.create(CONFIG_MAP, map(name));
          alive.set(name, world.hub.revision);
        }
      };
      for (let index = 0; index < 20; index++) await write();
      const atStart = world.hub.revision;
      const watcher = start(world, select(), { kind: "state", endBookmark: true });
      const seen: Seen[] = [];
      for (let index = 0; index < 40; index++) {
        await write();
        const take = random.uint32() % 3;
        for (let taken = 0; taken < take; taken++) {
          const frame = watcher.next();
          if (frame === undefined) break;
          seen.push(...parse(frame));
        }
      }
      seen.push(...drain(watcher));
      const end = seen.findIndex(({ type }) => type === "BOOKMARK");
      assert.ok(end >= 0, `seed ${seed}: the end mark came`);
      assert.equal(seen[end]?.revision, atStart, `seed ${seed}`);
      const replayed = new Map<string, number>();
      let last = 0;
      for (const [index, { type, name, revision }] of seen.entries()) {
        if (index === end) continue;
        if (index > end) {
          assert.ok(revision > Math.max(last, atStart), `seed ${seed}: revisions rise`);
          last = revision;
        }
        if (type === "DELETED") replayed.delete(name);
        else replayed.set(name, revision);
      }
      assert.deepEqual(replayed, new Map([...alive].filter(([name]) => replayed.has(name))), `seed ${seed}`);
      assert.equal(replayed.size, alive.size, `seed ${seed}`);
    }
  });

  function parse(frame: Uint8Array): Seen[] {
    const { type, object } = JSON.parse(new TextDecoder().decode(frame)) as {
      type: string;
      object: { metadata: { name?: string; resourceVersion: string } };
    };
    const { name = "", resourceVersion } = object.metadata;
    return [{ type, name, revision: Number(resourceVersion), labels: {} }];
  }
});

describe("trap 12: a client that does not read", () => {
  it("is closed at its bound while the others go on, and its memory is given back", async () => {
    const world = await RegistryWorld.open();
    const cache = world.hub.cacheOf(CONFIG_MAP);
    const from = { kind: "changes", after: world.hub.revision } as const;
    const slow = start(world, select(), from, { itemsMax: 3, sizeBytesMax: 1 << 20 });
    const quick = start(world, select(), from);
    for (let index = 0; index < 5; index++) await world.create(CONFIG_MAP, map(`m${index}`));
    assert.equal(slow.end, "slow");
    assert.equal(slow.next(), undefined);
    assert.equal(cache.watchers, 1);
    assert.equal(cache.slowClosed, 1);
    assert.equal(drain(quick).length, 5);
  });

  it("is bounded by bytes as well", async () => {
    const world = await RegistryWorld.open();
    const from = { kind: "changes", after: world.hub.revision } as const;
    const slow = start(world, select(), from, { itemsMax: 1000, sizeBytesMax: 2000 });
    for (let index = 0; index < 4; index++) {
      await world.create(CONFIG_MAP, { metadata: { name: `m${index}` }, data: { text: "x".repeat(1000) } });
    }
    assert.equal(slow.end, "slow");
  });

  it("may take its time over the initial state", async () => {
    const world = await RegistryWorld.open();
    for (let index = 0; index < 10; index++) await world.create(CONFIG_MAP, map(`m${index}`));
    const watcher = start(
      world,
      select(),
      { kind: "state", endBookmark: true },
      { itemsMax: 3, sizeBytesMax: 1 << 20 },
    );
    assert.equal(watcher.startingUp, true);
    await world.create(CONFIG_MAP, map("x"));
    assert.equal(drain(watcher).length, 12);
    assert.equal(watcher.end, undefined);
  });
});

describe("encoding", () => {
  it("is done once for a thousand watchers of one media type", async () => {
    const world = await RegistryWorld.open();
    const cache = world.hub.cacheOf(CONFIG_MAP);
    const from = { kind: "changes", after: world.hub.revision } as const;
    const watchers = Array.from({ length: 1000 }, () => start(world, select(), from));
    await world.create(CONFIG_MAP, map("a"));
    const frames = watchers.map((watcher) => watcher.next());
    assert.equal(cache.encoded, 1);
    assert.equal(new Set(frames).size, 1, "the very same bytes");
  });

  it("puts column definitions into the first Table of a watch only", async () => {
    const world = await RegistryWorld.open();
    const form = { definition: SUBNET, version: "v1", includeObject: "None", wallMs: () => 0 } as const;
    const cache = world.hub.cacheOf(SUBNET);
    const renderer = tableRenderer(form);
    const from = { kind: "changes", after: world.hub.revision } as const;
    const watcher = cache.watch({ selection: select(SUBNET), renderer, from }, world.hub.revision);
    assert.ok(watcher !== undefined);
    for (const vni of [1, 2, 3]) {
      await world.create(SUBNET, { metadata: { name: `s${vni}` }, spec: { ipv4: "10.0.0.0/24", vni } });
    }
    const headed: boolean[] = [];
    for (let frame = watcher.next(); frame !== undefined; frame = watcher.next()) {
      const { object } = JSON.parse(new TextDecoder().decode(frame)) as {
        object: { columnDefinitions: unknown; rows: readonly { object: unknown }[] };
      };
      headed.push(object.columnDefinitions !== null);
      assert.equal(object.rows[0]?.object, null);
    }
    assert.deepEqual(headed, [true, false, false]);
  });
});

describe("stored objects", () => {
  it("carry their revision in bytes without being parsed, and change it the same way", async () => {
    const world = await RegistryWorld.open();
    await world.create(CONFIG_MAP, { metadata: { name: "a" }, data: { k: "ß€😀" } });
    const cache = world.hub.cacheOf(CONFIG_MAP);
    const [object] = [...cache.objects()];
    assert.ok(object !== undefined);
    const parsed = decodeStored(object);
    assert.equal(parsed.metadata.resourceVersion, String(object.revision));
    const later = decodeStored(atRevision(object, 123_456_789));
    assert.equal(later.metadata.resourceVersion, "123456789");
    assert.deepEqual({ ...later, metadata: 0 }, { ...parsed, metadata: 0 });
  });
});

describe("EventHistory", () => {
  it("forgets by number, bytes and age, and knows from where it is complete", async () => {
    const { CacheEvent } = await import("./cache-event.ts");
    const counter = { encoded: 0 };
    const event = (revision: number): InstanceType<typeof CacheEvent> =>
      new CacheEvent({ revision, current: undefined, previous: undefined }, counter);
    const history = new EventHistory(10, { eventsMax: 3, sizeBytesMax: 1000, ageMaxMs: 100 });
    for (const revision of [11, 13, 17, 19]) history.push(event(revision), millis(0));
    assert.equal(history.coveredFrom, 11);
    assert.equal(history.since(10), undefined);
    assert.deepEqual(
      history.since(11)?.map((one) => one.revision),
      [13, 17, 19],
    );
    assert.deepEqual(
      history.since(13)?.map((one) => one.revision),
      [17, 19],
    );
    assert.deepEqual(history.since(99)?.length, 0);
    history.push(event(23), millis(500));
    assert.deepEqual(
      history.since(19)?.map((one) => one.revision),
      [23],
    );
    assert.equal(history.coveredFrom, 19);
  });
});
