// The list/watch machine against scripted servers on a virtual clock: states, watches, resuming, gaps.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  expiredStatus,
  formatCursor,
  internalErrorStatus,
  makeStatus,
  parseCursor,
  type KubeStatus,
  type WatchCursor,
} from "./mod.ts";
import { bookmark, change, failure, item, listEnd, MachineDriver, object, watching } from "./testing/machine-driver.ts";

const EXPIRED = expiredStatus("too old resource version: 5 (9)");

test("ListWatchMachine streams the first state and goes on watching on the same connection", () => {
  const driver = new MachineDriver({ labelSelector: "app=web" });
  const { timeoutSeconds, ...options } = driver.request.options;
  assert.deepEqual(options, {
    labelSelector: "app=web",
    watch: true,
    sendInitialEvents: true,
    resourceVersionMatch: "NotOlderThan",
    allowWatchBookmarks: true,
    resourceVersion: "",
  });
  assert.ok(timeoutSeconds !== undefined && timeoutSeconds >= 300 && timeoutSeconds < 600);
  driver.open();
  driver.output(change("ADDED", "a", "3"), bookmark("5", true), change("MODIFIED", "a", "6"), bookmark("9"));
  assert.deepEqual(driver.take(), [
    { kind: "sync-start", round: 0 },
    { kind: "item", object: object("a", "3") },
    { kind: "sync-end", resourceVersion: "5" },
    { kind: "upsert", object: object("a", "6") },
    { kind: "bookmark", resourceVersion: "9" },
  ]);
  assert.equal(driver.requests.length, 1);
  driver.wait(2000);
  driver.close();
  assert.deepEqual([driver.request.mode, driver.request.options.resourceVersion], ["watch", "9"]);
  assert.deepEqual(driver.take(), []);
});

test("ListWatchMachine lists from any version, pages by 500, then watches from the list's version", () => {
  const driver = new MachineDriver({ streamingList: false });
  assert.deepEqual(driver.request.options, { limit: 500, resourceVersion: "0" });
  driver.open();
  driver.output(item("a", "3"), listEnd("5", "token"));
  assert.deepEqual(driver.request.options, { limit: 500, continue: "token" });
  driver.open();
  driver.output(item("b", "4"), listEnd("5"));
  assert.equal(driver.request.options.resourceVersion, "5");
  assert.deepEqual(
    driver.take().map((event) => event.kind),
    ["sync-start", "item", "item", "sync-end"],
  );
});

test("ListWatchMachine relists at the last version without pages, and at the newest once a server pages anyway", () => {
  const driver = watching();
  driver.output(bookmark("7"));
  for (let attempt = 0; attempt < 4; attempt++) {
    driver.output(failure(internalErrorStatus("boom")));
    driver.waitForTimeout();
    if (attempt < 3) driver.open();
  }
  assert.deepEqual(driver.gaps(), ["errors"]);
  assert.deepEqual([driver.request.mode, driver.request.options], ["list", { resourceVersion: "7" }]);

  const pager = new MachineDriver({ streamingList: false });
  pager.open();
  pager.output(listEnd("5", "token"));
  pager.open();
  pager.output(listEnd("5"));
  for (let attempt = 0; attempt < 4; attempt++) {
    pager.open();
    pager.output(failure(internalErrorStatus("boom")));
    pager.waitForTimeout();
  }
  assert.deepEqual([pager.request.mode, pager.request.options], ["list", { limit: 500, resourceVersion: "" }]);
});

test("a watch that lived or brought something is opened again at once", () => {
  const driver = watching();
  driver.wait(1000);
  driver.close("connection reset");
  assert.equal(driver.request.atMs, 1000);
  driver.open();
  driver.output(change("MODIFIED", "a", "6"));
  driver.close();
  assert.deepEqual([driver.request.atMs, driver.request.options.resourceVersion], [1000, "6"]);
  const { reconnects } = driver.machine.counters();
  assert.deepEqual([reconnects.broken, reconnects.closed], [1, 1]);
  assert.deepEqual(
    driver.take().map((event) => event.kind),
    ["upsert"],
  );
});

test("a server without bookmarks is allowed longer silences", () => {
  const driver = watching();
  const silences: number[] = [];
  for (let watch = 0; watch < 3; watch++) {
    silences.push(driver.waitForTimeout());
    driver.open();
  }
  assert.deepEqual(silences, [150_000, 300_000, 600_000]);
  assert.equal(driver.request.mode, "watch");
  driver.waitForTimeout();
  assert.equal(driver.request.mode, "list");
});

test("a request without an answer is given up and tried again", () => {
  const driver = new MachineDriver();
  assert.equal(driver.waitForTimeout(), 60_000);
  assert.deepEqual(driver.cancelled, [1]);
  driver.waitForTimeout();
  assert.deepEqual([driver.request.id, driver.request.mode], [2, "stream"]);
});

test("versions without an order are passed on as they come", () => {
  const driver = new MachineDriver();
  driver.open();
  driver.output(bookmark("x9", true), change("ADDED", "a", "b7"), change("MODIFIED", "a", "a1"));
  driver.close();
  assert.equal(driver.request.options.resourceVersion, "a1");
  assert.equal(driver.take().filter((event) => event.kind === "upsert").length, 2);
});

test("a cursor resumes with a watch; a foreign or broken one is not used", () => {
  const cursor: WatchCursor = {
    version: 1,
    resource: "/api/v1/pods",
    selector: "labelSelector=a%3Db",
    resourceVersion: "77",
  };
  const resumed = new MachineDriver({ cursor: parseCursor(formatCursor(cursor))!, labelSelector: "a=b" });
  assert.deepEqual([resumed.request.mode, resumed.request.options.resourceVersion], ["watch", "77"]);
  assert.deepEqual(resumed.machine.cursor(), cursor);
  resumed.refuse(EXPIRED);
  assert.deepEqual(resumed.gaps(), ["expired"]);
  for (const options of [{ labelSelector: "a=c" }, { resource: "/api/v1/secrets", labelSelector: "a=b" }]) {
    const foreign = new MachineDriver({ cursor, ...options });
    assert.deepEqual([foreign.gaps(), foreign.request.mode], [["cursor-mismatch"], "stream"]);
  }
  const text = formatCursor(cursor);
  for (const broken of [
    "",
    "null",
    "[]",
    text.slice(0, -1),
    text.replace("77", "0"),
    text.replace("1", "2"),
    "x".repeat(200_000),
  ])
    assert.equal(parseCursor(broken), undefined);
});

test("the cursor never runs ahead of what the consumer has polled", () => {
  const driver = watching();
  driver.machine.handle(
    { kind: "output", id: driver.request.id, output: change("ADDED", "b", "9") as never },
    driver.clock.now(),
  );
  assert.equal(driver.machine.cursor()?.resourceVersion, "5");
  assert.equal(driver.machine.poll()?.kind, "event");
  assert.equal(driver.machine.cursor()?.resourceVersion, "9");
});

test("a missing resource is reported, and its return is a gap with a new state", () => {
  const driver = watching({ trackKeys: true });
  const missing = makeStatus({ reason: "NotFound", message: "the server could not find the requested resource" });
  driver.wait(2000);
  driver.close();
  for (let attempt = 0; attempt < 3; attempt++) {
    driver.refuse(missing);
    driver.waitForTimeout();
  }
  assert.deepEqual(driver.gaps(), ["resource-not-found"]);
  assert.deepEqual(driver.request.options, { limit: 500, resourceVersion: "" });
  driver.open();
  driver.output(item("a", "90", "uid-new"), listEnd("91"));
  const kinds = driver.take().map((event) => event.kind);
  assert.deepEqual(kinds, ["gap", "error", "error", "error", "remove", "upsert", "bookmark"]);
});

test("denied requests are reported and retried; wrong ones end the stream", () => {
  const driver = watching();
  for (const reason of ["Unauthorized", "Forbidden"] as const) {
    driver.wait(2000);
    driver.close();
    driver.refuse(makeStatus({ reason, message: "no" }));
    const event = driver.take().at(-1);
    assert.ok(event?.kind === "error" && event.status.reason === reason && event.retryInMs !== undefined);
    driver.waitForTimeout();
    assert.deepEqual([driver.request.mode, driver.request.options.resourceVersion], ["watch", "5"]);
    driver.open();
  }
  const bad = new MachineDriver();
  const status: KubeStatus = makeStatus({ reason: "BadRequest", message: "unable to parse requirement" });
  bad.refuse(status);
  bad.refuse(status);
  assert.deepEqual(bad.take(), [{ kind: "error", status }]);
  assert.deepEqual([bad.stopped, bad.machine.nextTimeout()], [true, undefined]);
  const unwatchable = watching();
  unwatchable.wait(2000);
  unwatchable.close();
  unwatchable.refuse(makeStatus({ reason: "MethodNotAllowed", message: "no" }));
  assert.equal(unwatchable.stopped, true);
});

test("patience ends after the give-up limit, counted from the last thing that worked", () => {
  const driver = watching({ giveUpAfterMs: 60_000 });
  driver.wait(10_000);
  driver.output(bookmark("6"));
  driver.close();
  const startMs = driver.now();
  while (!driver.stopped) {
    driver.close("connection refused");
    if (!driver.stopped) driver.waitForTimeout();
  }
  assert.ok(driver.now() - startMs >= 60_000 && driver.now() - startMs < 120_000);
  const last = driver.take().at(-1);
  assert.ok(last?.kind === "error" && last.retryInMs === undefined);
});

test("a broken connection never costs the version, however often it breaks", () => {
  const driver = watching();
  driver.wait(5000);
  driver.close("reset");
  for (let attempt = 0; attempt < 20; attempt++) {
    driver.close("connection refused");
    driver.waitForTimeout();
  }
  assert.deepEqual([driver.request.mode, driver.request.options.resourceVersion], ["watch", "5"]);
  assert.deepEqual(driver.gaps(), []);
});

test("a state that breaks off is void and starts over at its first page", () => {
  const driver = new MachineDriver({ streamingList: false });
  driver.open();
  driver.output(item("a", "3"), listEnd("5", "token"));
  driver.open();
  driver.output(item("b", "3"));
  driver.output({ kind: "error", code: "TRUNCATED", message: "cut" });
  driver.waitForTimeout();
  assert.deepEqual(driver.request.options, { limit: 500, resourceVersion: "" });
  driver.open();
  driver.output(listEnd("6"));
  assert.deepEqual(
    driver.take().map((event) => event.kind),
    ["sync-start", "item", "item", "error", "sync-start", "sync-end"],
  );
});

test("a list that stops midway is given up", () => {
  const driver = new MachineDriver({ streamingList: false });
  driver.open();
  driver.output(item("a", "3"));
  assert.equal(driver.waitForTimeout(), 60_000);
  assert.deepEqual(driver.cancelled, [1]);
  assert.equal(driver.take().at(-1)?.kind, "error");
});

test("a server that repeats a page or leaves out the version is not followed for ever", () => {
  const repeating = new MachineDriver({ streamingList: false });
  repeating.open();
  repeating.output(listEnd("5", "token"));
  repeating.open();
  repeating.output(listEnd("5", "token"));
  assert.equal(repeating.take().at(-1)?.kind, "error");
  const bare = new MachineDriver({ streamingList: false });
  bare.open();
  bare.output(listEnd(""));
  assert.equal(bare.take().at(-1)?.kind, "error");
  for (const driver of [repeating, bare]) {
    driver.waitForTimeout();
    assert.equal(driver.request.mode, "list");
  }
});

test("a stream nobody can read is resumed once, then replaced by a state", () => {
  const driver = watching();
  const error = { kind: "error", code: "MALFORMED", message: "bad" } as const;
  driver.output(error);
  driver.waitForTimeout();
  assert.equal(driver.request.mode, "watch");
  driver.open();
  driver.output(error);
  driver.waitForTimeout();
  assert.deepEqual([driver.request.mode, driver.gaps()], ["list", ["malformed"]]);
});

test("with remembered keys a new state is told as what changed", () => {
  const driver = new MachineDriver({ streamingList: false, trackKeys: true });
  driver.open();
  driver.output(item("same", "1"), item("changed", "2"), item("gone", "3"), item("replaced", "4"), listEnd("5"));
  driver.open();
  driver.output(change("ADDED", "late", "6"), failure(EXPIRED));
  driver.take();
  driver.waitForTimeout();
  driver.open();
  driver.output(
    item("same", "1"),
    item("changed", "8"),
    item("replaced", "9", "other"),
    item("new", "10"),
    item("late", "6"),
  );
  assert.equal(driver.machine.cursor(), undefined);
  driver.output(listEnd("11"));
  assert.deepEqual(driver.take(), [
    { kind: "upsert", object: object("changed", "8") },
    { kind: "remove", object: object("replaced", "4"), finalStateUnknown: true },
    { kind: "upsert", object: object("replaced", "9", "other") },
    { kind: "upsert", object: object("new", "10") },
    { kind: "remove", object: object("gone", "3"), finalStateUnknown: true },
    { kind: "bookmark", resourceVersion: "11" },
  ]);
  assert.equal(driver.machine.cursor()?.resourceVersion, "11");
});

test("keys that do not fit make the next state a whole one again", () => {
  const driver = new MachineDriver({ streamingList: false, trackKeys: true, trackedKeysMax: 2 });
  driver.open();
  driver.output(item("a", "1"), item("b", "2"), listEnd("5"));
  driver.open();
  driver.output(change("ADDED", "c", "6"), change("DELETED", "a", "7"), failure(EXPIRED));
  driver.waitForTimeout();
  driver.open();
  driver.output(item("b", "2"), item("c", "6"), listEnd("9"));
  driver.open();
  driver.output(failure(EXPIRED));
  driver.waitForTimeout();
  driver.open();
  driver.output(listEnd("12"));
  assert.deepEqual(
    driver.take().map((event) => event.kind),
    [
      "sync-start",
      "item",
      "item",
      "sync-end",
      "upsert",
      "remove",
      "gap",
      "sync-start",
      "item",
      "item",
      "sync-end",
      "gap",
      "remove",
      "remove",
      "bookmark",
    ],
  );
});

test("inputs of older requests, and any after the stop, are ignored", () => {
  const driver = watching();
  driver.wait(2000);
  driver.close();
  driver.input({ kind: "output", id: 2, output: change("ADDED", "z", "99") as never });
  driver.input({ kind: "closed", id: 2 });
  assert.deepEqual(driver.take(), []);
  driver.input({ kind: "stop" });
  assert.deepEqual([driver.cancelled, driver.stopped], [[3], true]);
  driver.input({ kind: "opened", id: 3 });
  driver.input({ kind: "timeout" });
  assert.deepEqual([driver.requests.length, driver.machine.nextTimeout()], [3, undefined]);
});
