// What servers really do to list/watch clients, one test a trap, on a virtual clock.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  expiredStatus,
  internalErrorStatus,
  makeStatus,
  resourceVersionTooLargeStatus,
  tooManyRequestsStatus,
} from "./mod.ts";
import {
  bookmark,
  change,
  failure,
  item,
  listEnd,
  MachineDriver,
  object,
  streaming,
  watching,
} from "./testing/machine-driver.ts";

const EXPIRED = expiredStatus("too old resource version: 5 (9)");
const REFUSED_STREAM = makeStatus({ reason: "Invalid", message: "sendInitialEvents is forbidden" });

test("trap 1: an expired version is met as a status, as an event and on a second page", () => {
  const asStatus = watching();
  asStatus.wait(2000);
  asStatus.close();
  asStatus.refuse(EXPIRED);
  const asEvent = watching();
  asEvent.output(failure(EXPIRED));
  for (const driver of [asStatus, asEvent]) {
    assert.deepEqual(driver.gaps(), ["expired"]);
    const waitMs = driver.waitForTimeout();
    assert.ok(waitMs >= 800 && waitMs < 1600, `${waitMs}`);
    assert.deepEqual([driver.request.mode, driver.request.options], ["list", { limit: 500, resourceVersion: "" }]);
    driver.open();
    driver.output(listEnd("20"));
    assert.equal(driver.request.options.resourceVersion, "20");
  }
  const onPage = new MachineDriver({ streamingList: false });
  onPage.open();
  onPage.output(item("a", "3"), listEnd("5", "token"));
  onPage.refuse(EXPIRED);
  assert.deepEqual(onPage.request.options, { resourceVersion: "" });
  onPage.open();
  onPage.output(item("b", "8"), listEnd("9"));
  assert.deepEqual(
    onPage.take().map((event) => (event.kind === "sync-start" ? `sync-start ${event.round}` : event.kind)),
    ["sync-start 0", "item", "sync-start 1", "item", "sync-end"],
  );
});

test("trap 1: a streaming list whose version has expired starts again at the newest, at once and then with waits", () => {
  const driver = streaming();
  driver.output(failure(EXPIRED));
  driver.waitForTimeout();
  assert.equal(driver.request.options.resourceVersion, "");
  driver.refuse(EXPIRED);
  assert.ok(driver.waitForTimeout() >= 800);
  assert.deepEqual(driver.gaps(), ["expired"]);
});

test("trap 2: an ERROR event with 429 waits as asked, keeps the version and tells no gap", () => {
  const driver = watching();
  driver.output(failure(tooManyRequestsStatus("busy", 7)));
  assert.deepEqual(driver.cancelled, [2]);
  assert.ok(driver.waitForTimeout() >= 7000);
  assert.deepEqual([driver.request.mode, driver.request.options.resourceVersion], ["watch", "5"]);
  assert.deepEqual(
    driver.take().map((event) => event.kind),
    ["error"],
  );
  driver.refuse(tooManyRequestsStatus("busy", 0), 9000);
  assert.ok(driver.waitForTimeout() >= 9000);
  assert.equal(driver.request.options.resourceVersion, "5");
});

test("trap 3: a server that ignores sendInitialEvents is found out by silence, by a plain bookmark and by an end", () => {
  const silent = new MachineDriver();
  silent.open();
  silent.output(change("ADDED", "a", "3"));
  assert.equal(silent.waitForTimeout(), 10_000);
  const marked = new MachineDriver();
  marked.open();
  for (let second = 0; second < 60; second += 5) {
    marked.output(change("MODIFIED", "a", String(10 + second)));
    marked.wait(5000);
  }
  marked.output(bookmark("99"));
  marked.waitForTimeout();
  const ended = new MachineDriver();
  ended.open();
  ended.output(change("ADDED", "a", "3"));
  ended.wait(5000);
  ended.close();
  ended.waitForTimeout();
  for (const driver of [silent, marked, ended]) {
    assert.deepEqual([driver.request.mode, driver.request.options], ["list", { limit: 500, resourceVersion: "0" }]);
    driver.open();
    driver.output(item("a", "3"), listEnd("5"));
    const rounds = driver.take().flatMap((event) => (event.kind === "sync-start" ? [event.round] : []));
    assert.deepEqual(rounds, [0, 1]);
    assert.equal(driver.machine.counters().streamingFallbacks, 1);
  }
});

test("trap 3: streaming is tried again for the next state, but not for ever", () => {
  const driver = new MachineDriver();
  const modes: string[] = [];
  for (let state = 0; state < 3; state++) {
    if (driver.request.mode === "stream") {
      driver.open();
      driver.waitForTimeout();
      modes.push("stream");
    }
    modes.push(driver.request.mode);
    driver.open();
    driver.output(listEnd("5"));
    driver.open();
    driver.output(failure(EXPIRED));
    driver.waitForTimeout();
  }
  assert.deepEqual(modes, ["stream", "list", "stream", "list", "list"]);
});

test("trap 3: passing trouble does not end streaming for good", () => {
  const driver = new MachineDriver();
  for (let state = 0; state < 5; state++) {
    assert.equal(driver.request.mode, "stream");
    driver.open();
    driver.close("connection reset");
    driver.waitForTimeout();
    assert.equal(driver.request.mode, "list");
    driver.open();
    driver.output(listEnd("5"));
    driver.open();
    driver.output(failure(EXPIRED));
    driver.waitForTimeout();
  }
});

test("trap 3: an early plain bookmark does not end a streaming list", () => {
  const driver = new MachineDriver();
  driver.open();
  driver.output(bookmark("4"), change("ADDED", "a", "3"), bookmark("5", true));
  assert.equal(driver.requests.length, 1);
  assert.equal(driver.take().at(-1)?.kind, "sync-end");
});

test("trap 4: a server that refuses sendInitialEvents is listed at once, and never asked again", () => {
  const driver = new MachineDriver();
  driver.refuse(REFUSED_STREAM);
  assert.deepEqual([driver.request.mode, driver.request.atMs], ["list", 0]);
  driver.open();
  driver.output(listEnd("5"));
  driver.open();
  driver.output(failure(EXPIRED));
  driver.waitForTimeout();
  assert.equal(driver.request.mode, "list");
});

test("trap 5: a version beyond the server's is given up for the newest state", () => {
  const tooLarge = resourceVersionTooLargeStatus("5", "3");
  const onWatch = watching();
  onWatch.output(failure(tooLarge));
  assert.ok(onWatch.waitForTimeout() >= 1000);
  const onList = watching();
  onList.output(bookmark("7"));
  for (let attempt = 0; attempt < 4; attempt++) {
    onList.output(failure(internalErrorStatus("boom")));
    onList.waitForTimeout();
    if (attempt < 3) onList.open();
  }
  onList.take();
  onList.refuse(tooLarge);
  const onStream = streaming();
  onStream.output(failure(tooLarge));
  onStream.waitForTimeout();
  for (const driver of [onWatch, onList, onStream]) assert.equal(driver.request.options.resourceVersion, "");
  assert.deepEqual(onWatch.gaps(), ["resource-version-too-large"]);
  assert.equal(onWatch.machine.cursor(), undefined);
});

test("trap 6: watches that end at once are retried ever more slowly, from the same version", () => {
  const driver = watching();
  let previousAtMs = driver.request.atMs;
  const waits: number[] = [];
  for (let attempt = 0; attempt < 40; attempt++) {
    driver.wait(500);
    driver.close();
    driver.waitForTimeout();
    waits.push(driver.request.atMs - previousAtMs);
    previousAtMs = driver.request.atMs;
    assert.deepEqual([driver.request.mode, driver.request.options.resourceVersion], ["watch", "5"]);
    driver.open();
  }
  assert.ok(waits.slice(10).every((waitMs) => waitMs >= 30_000 && waitMs <= 60_500));
  assert.equal(driver.machine.counters().reconnects.short, 40);
  assert.deepEqual(driver.gaps(), []);
});

test("trap 7: a silent watch is cut after the inactivity limit and resumed", () => {
  const driver = watching();
  driver.output(bookmark("8"));
  assert.equal(driver.waitForTimeout(), 150_000);
  assert.deepEqual(driver.cancelled, [2]);
  assert.deepEqual([driver.request.mode, driver.request.options.resourceVersion], ["watch", "8"]);
  driver.open();
  driver.wait(140_000);
  driver.output(bookmark("9"));
  driver.wait(140_000);
  assert.deepEqual(driver.cancelled, [2]);
});

test("trap 18: versions above 2^53 are told apart", () => {
  const driver = new MachineDriver();
  driver.open();
  driver.output(
    bookmark("9007199254740993", true),
    change("ADDED", "a", "9007199254740992"),
    change("ADDED", "b", "9007199254740993"),
    change("ADDED", "c", "9007199254740994"),
  );
  const names = driver.take().flatMap((event) => (event.kind === "upsert" ? [event.object.metadata.name] : []));
  assert.deepEqual(names, ["c"]);
  assert.equal(driver.machine.counters().replaysDropped, 2);
  assert.equal(driver.machine.cursor()?.resourceVersion, "9007199254740994");
});

test("trap 19: an object that leaves and enters a selector again while nobody listens is told in order", () => {
  const driver = watching({ trackKeys: true });
  driver.wait(2000);
  driver.close("gone");
  driver.open();
  driver.output(change("DELETED", "a", "6"), change("ADDED", "a", "7"));
  driver.close();
  driver.open();
  assert.deepEqual(
    driver.take().map((event) => event.kind),
    ["remove", "upsert"],
  );
});

test("trap 20: a server restored to before our version is noticed by its silence, then asked for a state", () => {
  const driver = watching({ trackKeys: true });
  driver.output(bookmark("1000"));
  driver.take();
  driver.waitForTimeout();
  driver.open();
  driver.waitForTimeout();
  assert.deepEqual([driver.request.mode, driver.request.options.resourceVersion], ["list", "1000"]);
  driver.refuse(resourceVersionTooLargeStatus("1000", "500"));
  driver.open();
  driver.output(item("b", "400"), listEnd("500"));
  assert.deepEqual(driver.take(), [
    { kind: "gap", cause: "errors" },
    { kind: "upsert", object: object("b", "400") },
    { kind: "remove", object: object("a", "3"), finalStateUnknown: true },
    { kind: "bookmark", resourceVersion: "500" },
  ]);
  assert.equal(driver.request.options.resourceVersion, "500");
  driver.open();
  driver.output(change("ADDED", "c", "501"));
  assert.equal(driver.take()[0]?.kind, "upsert");
});

test("trap 20: a bookmark from before the watch began means that the server was restored", () => {
  const driver = watching();
  driver.output(bookmark("3"));
  assert.deepEqual(driver.gaps(), ["resource-version-reset"]);
  assert.equal(driver.machine.cursor(), undefined);
  driver.waitForTimeout();
  assert.deepEqual(driver.request.options, { limit: 500, resourceVersion: "" });
});

test("trap 21: the wall clock moves no deadline", () => {
  const driver = watching();
  const before = driver.machine.nextTimeout();
  driver.clock.jumpWall(-86_400_000);
  driver.output(bookmark("6"));
  driver.clock.jumpWall(172_800_000);
  assert.equal(driver.machine.nextTimeout(), before);
  assert.equal(driver.waitForTimeout(), 150_000);
});

test("trap 22: a slow consumer's pause is not taken for the server's silence", () => {
  const driver = watching();
  driver.clock.advance(400_000);
  driver.input({ kind: "paused", durationMs: 400_000 });
  driver.input({ kind: "timeout" });
  assert.deepEqual(driver.cancelled, []);
  assert.equal(driver.waitForTimeout(), 150_000);
});
