// Contract: watches and subscriptions: order, previous values, resume, compaction, slow readers, close.
import { assert } from "@coracle/base";
import { revision } from "../revision.ts";
import { type ChangeEvent, type Store, StoreError, type StoreListener } from "../store.ts";
import {
  bytes,
  type ContractCase,
  expectCode,
  expectEqual,
  putText,
  remove,
  showChange,
  showEvent,
  take,
} from "./case.ts";

async function pull(store: Store, prefix: string, after: number): Promise<unknown> {
  const watch = store.watch({ prefix, afterRevision: revision(after) });
  try {
    return await watch[Symbol.asyncIterator]().next();
  } finally {
    watch.close();
  }
}

function recorder(): StoreListener & { readonly log: string[] } {
  const log: string[] = [];
  return {
    log,
    onChanges: (changes) => void log.push(...changes.map(showChange)),
    onProgress: (at) => void log.push(`progress ${at}`),
    onEnd: (error) => void log.push(`end ${error.code}`),
  };
}

/** Cases of watch, subscribe, progress and close. */
export const WATCH_CASES: readonly ContractCase[] = [
  {
    name: "a watch yields changes under its prefix in revision order with the previous value",
    async run(store) {
      const start = await store.currentRevision();
      const watch = store.watch({ prefix: "/a/" });
      await putText(store, "/a/1", "x");
      await putText(store, "/b/1", "y");
      await putText(store, "/a/1", "z");
      await remove(store, "/a/1");
      await putText(store, "/a/1", "w");
      const events = await take(watch, 4);
      watch.close();
      expectEqual(
        events.map(showEvent),
        [
          `${start + 1} put /a/1 [x] was []`,
          `${start + 3} put /a/1 [z] was [x]`,
          `${start + 4} delete /a/1 [] was [z]`,
          `${start + 5} put /a/1 [w] was []`,
        ],
        "events",
      );
    },
  },
  {
    name: "a watch resumes after any kept revision without loss or repetition, and goes on live",
    async run(store) {
      const start = await store.currentRevision();
      for (let index = 1; index <= 600; index++) await putText(store, `/a/${index % 7}`, String(index));
      const watch = store.watch({ prefix: "/a/", afterRevision: revision(start + 100) });
      const past = await take(watch, 500);
      const live = take(watch, 2);
      await putText(store, "/a/x", "live 1");
      await putText(store, "/a/x", "live 2");
      const revisions = [...past, ...(await live)].map((event) => event.revision);
      watch.close();
      expectEqual(
        revisions,
        Array.from({ length: 502 }, (_, index) => start + 101 + index),
        "revisions",
      );
    },
  },
  {
    name: "writes during catch-up are neither lost nor doubled",
    async run(store) {
      const start = await store.currentRevision();
      for (let index = 1; index <= 300; index++) await putText(store, "/a", String(index));
      const watch = store.watch({ prefix: "/", afterRevision: start });
      const iterator = watch[Symbol.asyncIterator]();
      const seen: number[] = [];
      while (seen.length < 400) {
        const next = await iterator.next();
        assert(next.done !== true, "the watch ended");
        seen.push(next.value.revision);
        if (seen.length <= 300 && seen.length % 3 === 0) await putText(store, "/b", "x");
      }
      watch.close();
      expectEqual(
        seen,
        Array.from({ length: 400 }, (_, index) => start + 1 + index),
        "revisions",
      );
    },
  },
  {
    name: "resuming at a compacted revision says so, at the compacted one works",
    async run(store) {
      const start = await store.currentRevision();
      for (let index = 0; index < 5; index++) await putText(store, "/a", String(index));
      await store.compact(revision(start + 3));
      const error = await expectCode(pull(store, "/", start + 2), "COMPACTED");
      expectEqual(error.compactRevision, start + 3, "compact revision");
      const watch = store.watch({ prefix: "/", afterRevision: revision(start + 3) });
      const events = await take(watch, 2);
      watch.close();
      expectEqual(
        events.map(showEvent),
        [`${start + 4} put /a [3] was [2]`, `${start + 5} put /a [4] was [3]`],
        "events after the compaction",
      );
      let code = "";
      try {
        store.subscribe({ prefix: "/", afterRevision: start }, recorder());
      } catch (thrown) {
        code = thrown instanceof StoreError ? thrown.code : String(thrown);
      }
      expectEqual(code, "COMPACTED", "subscribe");
    },
  },
  {
    name: "watching after a revision that has not happened is refused",
    async run(store) {
      await expectCode(pull(store, "/", (await store.currentRevision()) + 1), "FUTURE_REVISION");
    },
  },
  {
    name: "a reader that falls behind its queue gets what was queued, then SLOW; others are unharmed",
    async run(store) {
      const start = await store.currentRevision();
      const slow = store.watch({ prefix: "/", queueMax: 3 });
      const quick = store.watch({ prefix: "/", queueMax: 100 });
      const [first, other] = [take(slow, 1), take(quick, 21)];
      for (let index = 0; index < 21; index++) await putText(store, "/a", "x");
      await first;
      const rest = await take(slow, 3);
      expectEqual(
        rest.map((event) => event.revision),
        [start + 2, start + 3, start + 4],
        "what was queued",
      );
      await expectCode(take(slow, 1), "SLOW");
      const end = await slow[Symbol.asyncIterator]().next();
      expectEqual(end.done, true, "after the error");
      expectEqual((await other).length, 21, "the quick reader");
      const resumed = store.watch({ prefix: "/", afterRevision: revision(start + 4) });
      expectEqual((await take(resumed, 17)).length, 17, "resume after SLOW");
      quick.close();
      resumed.close();
    },
  },
  {
    name: "progress tells every watch the revision once earlier changes are out",
    async run(store) {
      const watch = store.watch({ prefix: "/a" });
      const listener = recorder();
      const subscription = store.subscribe({ prefix: "/b" }, listener);
      await putText(store, "/a", "1");
      const at = await store.progress();
      const events = await take(watch, 2);
      expectEqual(events.map(showEvent), [`${at} put /a [1] was []`, `progress ${at}`], "watch");
      expectEqual(listener.log, [`progress ${at}`], "subscription");
      watch.close();
      subscription.close();
    },
  },
  {
    name: "a subscription has each change before the writer's promise resolves, with the writer's attachment",
    async run(store) {
      const attachment = { decoded: true };
      const seen: ChangeEvent[] = [];
      const subscription = store.subscribe(
        { prefix: "/a" },
        { onChanges: (changes) => void seen.push(...changes), onEnd: () => undefined },
      );
      const result = await store.put("/a", bytes("1"), { attachment });
      const [change] = seen;
      assert(result.ok && change?.kind === "put", "a change before the answer");
      assert(change.kv.attachment === attachment && result.kv.attachment === attachment, "attachment");
      await putText(store, "/a", "2");
      assert(seen[1]?.previous !== undefined && seen[1].previous.attachment === undefined, "no attachment kept");
      assert((await store.get("/a")).kv?.attachment === undefined, "none read back");
      subscription.close();
      await putText(store, "/a", "3");
      expectEqual(seen.length, 2, "changes after close");
    },
  },
  {
    name: "a subscription first gets the backlog; one that writes in its listener keeps the order for all",
    async run(store) {
      const start = await store.currentRevision();
      await putText(store, "/a", "1");
      const writes: Promise<unknown>[] = [];
      const writer = store.subscribe(
        { prefix: "/a" },
        { onChanges: () => void writes.push(store.put("/b", bytes("echo"))), onEnd: () => undefined },
      );
      const listener = recorder();
      const subscription = store.subscribe({ prefix: "/", afterRevision: start }, listener);
      await putText(store, "/a", "2");
      await Promise.all(writes);
      expectEqual(
        listener.log,
        [`${start + 1} put /a [1] was []`, `${start + 2} put /a [2] was [1]`, `${start + 3} put /b [echo] was []`],
        "changes",
      );
      writer.close();
      subscription.close();
    },
  },
  {
    name: "closing a watch ends the iteration quietly, also one that waits",
    async run(store) {
      const watch = store.watch({ prefix: "/" });
      const waiting = watch[Symbol.asyncIterator]().next();
      watch.close();
      expectEqual((await waiting).done, true, "the waiting pull");
      await putText(store, "/a", "1");
      expectEqual((await watch[Symbol.asyncIterator]().next()).done, true, "a later pull");
      for await (const event of store.watch({
        prefix: "/",
        afterRevision: revision((await store.currentRevision()) - 1),
      })) {
        expectEqual(event.kind, "put", "one event, then break");
        break;
      }
    },
  },
  {
    name: "closing the store ends watches and subscriptions with CLOSED and refuses everything after",
    async run(store) {
      const watch = store.watch({ prefix: "/" });
      const waiting = watch[Symbol.asyncIterator]().next();
      const listener = recorder();
      store.subscribe({ prefix: "/" }, listener);
      const refused = expectCode(waiting, "CLOSED");
      await store.close();
      await store.close();
      await refused;
      expectEqual(listener.log, ["end CLOSED"], "subscription");
      await expectCode(store.get("/a"), "CLOSED");
      await expectCode(store.put("/a", bytes("1")), "CLOSED");
      await expectCode(store.range({ prefix: "/" }), "CLOSED");
      await expectCode(take(store.watch({ prefix: "/" }), 1), "CLOSED");
    },
  },
];
