// From stream events to what is told: first state, changes, gaps with inferred changes, losses without.
import assert from "node:assert/strict";
import { test } from "node:test";
import { millis } from "@coracle/base";
import type { KubeObject, KubeStatus, WatchStreamEvent } from "@coracle/kube";
import { type Change, ChangeTracker, keyOf } from "./change.ts";

const failure: KubeStatus = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", code: 503 };

function pod(name: string, resourceVersion: string, uid: string = name): KubeObject {
  return { metadata: { namespace: "shop", name, uid, resourceVersion } };
}

function tell(tracker: ChangeTracker, events: readonly WatchStreamEvent[], nowMs = 0): string[] {
  return events.flatMap((event) => tracker.handle(event, millis(nowMs))).map(line);
}

function line(change: Change): string {
  switch (change.kind) {
    case "added":
    case "modified":
    case "deleted":
      return `${change.kind} ${keyOf(change.object)}${change.inferred ? " inferred" : ""}${change.initial ? " initial" : ""}`;
    case "synced":
      return `synced ${change.resourceVersion} ${change.objects} ${change.inferred}`;
    case "resumed":
      return `resumed ${change.resourceVersion} ${change.downMs}`;
    case "gap":
      return `gap ${change.cause} ${change.lastResourceVersion}`;
    default:
      return change.kind;
  }
}

const firstState: readonly WatchStreamEvent[] = [
  { kind: "sync-start", round: 0 },
  { kind: "item", object: pod("a", "1") },
  { kind: "item", object: pod("b", "2") },
  { kind: "sync-end", resourceVersion: "5" },
];

test("the first state is told as initial, then changes as they come", () => {
  const tracker = new ChangeTracker({ keepObjects: false, objectsMax: 10 });
  assert.deepEqual(tell(tracker, firstState), ["added shop/a initial", "added shop/b initial", "synced 5 2 0"]);
  const later: WatchStreamEvent[] = [
    { kind: "upsert", object: pod("c", "6") },
    { kind: "upsert", object: pod("a", "7") },
    { kind: "upsert", object: pod("a", "7") },
    { kind: "remove", object: pod("b", "8"), finalStateUnknown: false },
  ];
  assert.deepEqual(tell(tracker, later), ["added shop/c", "modified shop/a", "deleted shop/b"]);
});

test("after a gap only real differences are told, and they are marked as inferred", () => {
  const tracker = new ChangeTracker({ keepObjects: false, objectsMax: 10 });
  tell(tracker, firstState);
  const relist: WatchStreamEvent[] = [
    { kind: "gap", cause: "expired" },
    { kind: "sync-start", round: 1 },
    { kind: "item", object: pod("a", "1") },
    { kind: "item", object: pod("c", "9") },
    { kind: "sync-end", resourceVersion: "12" },
  ];
  assert.deepEqual(tell(tracker, relist), [
    "gap expired 5",
    "added shop/c inferred",
    "deleted shop/b inferred",
    "synced 12 2 2",
  ]);
});

test("a state that breaks off and starts over infers no deletion from the half", () => {
  const tracker = new ChangeTracker({ keepObjects: false, objectsMax: 10 });
  tell(tracker, firstState);
  tell(tracker, [
    { kind: "sync-start", round: 1 },
    { kind: "item", object: pod("a", "1") },
    { kind: "error", status: failure, retryInMs: 800 },
  ]);
  const again: WatchStreamEvent[] = [
    { kind: "sync-start", round: 2 },
    { kind: "item", object: pod("b", "2") },
    { kind: "item", object: pod("a", "1") },
    { kind: "sync-end", resourceVersion: "9" },
  ];
  assert.deepEqual(tell(tracker, again), ["synced 9 2 0"]);
});

test("an object deleted and created again unseen is told as both", () => {
  const tracker = new ChangeTracker({ keepObjects: false, objectsMax: 10 });
  tell(tracker, firstState);
  assert.deepEqual(tell(tracker, [{ kind: "upsert", object: pod("a", "9", "other-uid") }]), [
    "deleted shop/a inferred",
    "added shop/a",
  ]);
});

test("a loss without a gap ends in one resumed, with the time it took", () => {
  const tracker = new ChangeTracker({ keepObjects: false, objectsMax: 10 });
  tell(tracker, firstState);
  assert.deepEqual(tell(tracker, [{ kind: "error", status: failure, retryInMs: 1 }], 100), ["lost"]);
  assert.deepEqual(tell(tracker, [{ kind: "error", status: failure, retryInMs: 1 }], 200), ["lost"]);
  assert.deepEqual(tell(tracker, [{ kind: "bookmark", resourceVersion: "9" }], 1300), ["resumed 9 1200", "bookmark"]);
  assert.deepEqual(tell(tracker, [{ kind: "bookmark", resourceVersion: "10" }], 1400), ["bookmark"]);
});

test("what comes first after resuming from a cursor is called modified: it need not be new", () => {
  const tracker = new ChangeTracker({ keepObjects: false, objectsMax: 10 });
  assert.deepEqual(tell(tracker, [{ kind: "upsert", object: pod("a", "9") }]), ["modified shop/a"]);
});

test("objects beyond the cap are told but not kept, and counted", () => {
  const tracker = new ChangeTracker({ keepObjects: true, objectsMax: 1 });
  assert.deepEqual(tell(tracker, firstState), ["added shop/a initial", "added shop/b initial", "synced 5 1 0"]);
  assert.deepEqual([tracker.size, tracker.untracked], [1, 1]);
});

test("the state before is given only where objects are kept", () => {
  const keeping = new ChangeTracker({ keepObjects: true, objectsMax: 10 });
  tell(keeping, firstState);
  const [change] = keeping.handle({ kind: "upsert", object: pod("a", "7") }, millis(0));
  assert.ok(change?.kind === "modified");
  assert.equal(change.before?.metadata.resourceVersion, "1");
});
