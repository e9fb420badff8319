// Contract: reading, conditional writing, ranges, past states.
import { assert } from "@coracle/base";
import { KEY_LENGTH_MAX, VALUE_SIZE_BYTES_MAX } from "../limits.ts";
import { NOT_EXISTING, revision } from "../revision.ts";
import { bytes, type ContractCase, expectCode, expectEqual, putText, remove, show } from "./case.ts";

/** Cases of get, put, delete, range and compact. */
export const KEY_VALUE_CASES: readonly ContractCase[] = [
  {
    name: "an empty store has a revision that is not zero, and nothing in it",
    async run(store) {
      assert((await store.currentRevision()) > 0, "revision of an empty store");
      const range = await store.range({ prefix: "/" });
      expectEqual([range.kvs, range.more, range.count], [[], false, 0], "range");
      expectEqual(range.revision, await store.currentRevision(), "revision of the range");
      expectEqual((await store.get("/a")).kv, undefined, "get");
    },
  },
  {
    name: "every write takes the next revision; reads show create and mod revision",
    async run(store) {
      const start = await store.currentRevision();
      const first = await putText(store, "/a", "1");
      const second = await putText(store, "/a", "2");
      expectEqual([first.createRevision, first.modRevision], [start + 1, start + 1], "first put");
      expectEqual([second.createRevision, second.modRevision], [start + 1, start + 2], "second put");
      await remove(store, "/a");
      const again = await putText(store, "/a", "3");
      expectEqual([again.createRevision, again.modRevision], [start + 4, start + 4], "put after delete");
      const got = await store.get("/a");
      expectEqual([show(got.kv), got.revision], ["/a=3", start + 4], "get");
    },
  },
  {
    name: "a conditional put needs the exact revision, and a refusal shows what is there and writes nothing",
    async run(store) {
      const made = await store.put("/a", bytes("1"), { expectRevision: NOT_EXISTING });
      assert(made.ok, "create");
      const twice = await store.put("/a", bytes("2"), { expectRevision: NOT_EXISTING });
      assert(!twice.ok, "second create");
      expectEqual(
        [twice.code, show(twice.current), twice.revision],
        ["CONFLICT", "/a=1", made.revision],
        "second create",
      );
      const changed = await store.put("/a", bytes("2"), { expectRevision: made.revision });
      assert(changed.ok, "update");
      const stale = await store.put("/a", bytes("3"), { expectRevision: made.revision });
      assert(!stale.ok, "stale update");
      expectEqual(show(stale.current), "/a=2", "stale update");
      const missing = await store.put("/b", bytes("1"), { expectRevision: made.revision });
      assert(!missing.ok && missing.current === undefined, "update of a missing key");
      expectEqual(await store.currentRevision(), changed.revision, "revision after refusals");
    },
  },
  {
    name: "a conditional delete needs the exact revision; deleting nothing is a conflict with nothing",
    async run(store) {
      const made = await putText(store, "/a", "1");
      const nothing = await store.delete("/b");
      assert(!nothing.ok && nothing.current === undefined, "delete of a missing key");
      const changed = await putText(store, "/a", "2");
      const stale = await store.delete("/a", { expectRevision: made.modRevision });
      assert(!stale.ok, "stale delete");
      expectEqual(show(stale.current), "/a=2", "stale delete");
      const done = await store.delete("/a", { expectRevision: changed.modRevision });
      assert(done.ok, "delete");
      expectEqual([show(done.previous), done.revision], ["/a=2", changed.modRevision + 1], "delete");
    },
  },
  {
    name: "of many writers that expect the same revision one wins",
    async run(store) {
      const made = await putText(store, "/a", "0");
      const results = await Promise.all(
        Array.from({ length: 16 }, (_, index) =>
          store.put("/a", bytes(String(index)), { expectRevision: made.modRevision }),
        ),
      );
      expectEqual(results.filter((result) => result.ok).length, 1, "winners");
      expectEqual(await store.currentRevision(), made.modRevision + 1, "revision");
    },
  },
  {
    name: "writes sent together get distinct revisions in the order they were sent",
    async run(store) {
      const start = await store.currentRevision();
      const results = await Promise.all(Array.from({ length: 50 }, (_, index) => store.put(`/k${index}`, bytes("x"))));
      expectEqual(
        results.map((result) => result.revision),
        results.map((_, index) => start + 1 + index),
        "revisions",
      );
    },
  },
  {
    name: "a range is in key order, honours prefix, start and limit, and counts the rest",
    async run(store) {
      for (const key of ["/b/2", "/a", "/b/10", "/b/1", "/c", "/b"]) await putText(store, key, "x");
      const keys = async (options: Parameters<typeof store.range>[0]): Promise<unknown> => {
        const range = await store.range(options);
        return [range.kvs.map((kv) => kv.key), range.more, range.count];
      };
      expectEqual(await keys({ prefix: "/b/" }), [["/b/1", "/b/10", "/b/2"], false, 3], "prefix");
      expectEqual(await keys({ prefix: "/b/", limit: 2 }), [["/b/1", "/b/10"], true, 3], "limit");
      expectEqual(await keys({ prefix: "/b/", startKey: "/b/1\u0000" }), [["/b/10", "/b/2"], false, 2], "start");
      expectEqual(await keys({ prefix: "/b/", startKey: "/c" }), [[], false, 0], "start behind the prefix");
      expectEqual(await keys({ prefix: "", limit: 6 }), [["/a", "/b", "/b/1", "/b/10", "/b/2", "/c"], false, 6], "all");
    },
  },
  {
    name: "a past revision is readable as it was, deleted keys included",
    async run(store) {
      await putText(store, "/a", "1");
      await putText(store, "/b", "1");
      const past = await store.currentRevision();
      await putText(store, "/a", "2");
      await remove(store, "/b");
      await putText(store, "/c", "1");
      await putText(store, "/b", "2");
      const range = await store.range({ prefix: "/", revision: past });
      expectEqual([range.kvs.map(show), range.revision], [["/a=1", "/b=1"], past], "past");
      const page = await store.range({ prefix: "/", revision: past, startKey: "/b", limit: 1 });
      expectEqual([page.kvs.map(show), page.more, page.count], [["/b=1"], false, 1], "page of the past");
      const now = await store.range({ prefix: "/" });
      expectEqual(now.kvs.map(show), ["/a=2", "/b=2", "/c=1"], "now");
    },
  },
  {
    name: "compaction forgets what is older, keeps the state at its revision, and cannot go into the future",
    async run(store) {
      await putText(store, "/a", "1");
      const early = await store.currentRevision();
      await putText(store, "/a", "2");
      await putText(store, "/b", "1");
      await remove(store, "/b");
      const kept = await store.currentRevision();
      await putText(store, "/a", "3");
      await store.compact(kept);
      expectEqual(await store.compactRevision(), kept, "compact revision");
      const error = await expectCode(store.range({ prefix: "/", revision: early }), "COMPACTED");
      expectEqual(error.compactRevision, kept, "compact revision in the error");
      expectEqual(
        (await store.range({ prefix: "/", revision: kept })).kvs.map(show),
        ["/a=2"],
        "state at the compaction",
      );
      expectEqual((await store.range({ prefix: "/" })).kvs.map(show), ["/a=3"], "state now");
      await expectCode(store.compact(revision(kept + 100)), "FUTURE_REVISION");
      await expectCode(store.compact(early), "COMPACTED");
      await expectCode(store.range({ prefix: "/", revision: revision(kept + 100) }), "FUTURE_REVISION");
    },
  },
  {
    name: "bad keys, values and limits are refused and change nothing",
    async run(store) {
      const start = await store.currentRevision();
      await expectCode(store.put("", bytes("1")), "BAD_INPUT");
      await expectCode(store.put("/ä", bytes("1")), "BAD_INPUT");
      await expectCode(store.put("/a b", bytes("1")), "BAD_INPUT");
      await expectCode(store.put(`/${"k".repeat(KEY_LENGTH_MAX)}`, bytes("1")), "BAD_INPUT");
      await expectCode(store.put("/a", new Uint8Array(VALUE_SIZE_BYTES_MAX + 1)), "BAD_INPUT");
      await expectCode(store.range({ prefix: "/", limit: 0 }), "BAD_INPUT");
      expectEqual(await store.currentRevision(), start, "revision");
      const largest = await store.put("/a", new Uint8Array(VALUE_SIZE_BYTES_MAX));
      assert(largest.ok, "value of the largest size");
      expectEqual((await store.get("/a")).kv?.value.length, VALUE_SIZE_BYTES_MAX, "size read back");
    },
  },
  {
    name: "values are bytes: nothing is read into them, and empty is a value",
    async run(store) {
      const all = Uint8Array.from({ length: 256 }, (_, index) => index);
      await store.put("/all", all);
      await store.put("/empty", new Uint8Array(0));
      const range = await store.range({ prefix: "/" });
      expectEqual(
        range.kvs.map((kv) => [...kv.value]),
        [[...all], []],
        "values",
      );
    },
  },
];
