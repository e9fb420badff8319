// The lines people and programs read.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "@coracle/kube";
import { readField } from "./read-field.ts";
import { renderDiff } from "./render-diff.ts";
import { renderJsonl } from "./render-jsonl.ts";

const style = { timeText: "12:04:31", fields: ["spec.nodeName", "status.podIP", "status.absent"] };
const pod: KubeObject = {
  metadata: { namespace: "shop", name: "cart-7", resourceVersion: "2" },
  spec: { nodeName: "node-b" },
  status: { podIP: "10.244.2.9", phase: "Running" },
};
const pending: KubeObject = {
  ...pod,
  metadata: { ...pod.metadata, resourceVersion: "1" },
  status: { podIP: "10.244.2.9", phase: "Pending" },
};
const plain = { initial: false, inferred: false };

test("renderDiff() shows fields of what appears and differences of what changes", () => {
  assert.equal(
    renderDiff({ kind: "added", object: pod, ...plain }, style),
    "12:04:31  + shop/cart-7              node-b  10.244.2.9",
  );
  assert.equal(
    renderDiff({ kind: "modified", object: pod, before: pending, ...plain }, style),
    "12:04:31  ~ shop/cart-7              status.phase Pending → Running",
  );
  assert.equal(renderDiff({ kind: "deleted", object: pod, ...plain }, style), "12:04:31  - shop/cart-7");
});

test("renderDiff() is silent where only the version moved", () => {
  const moved = { ...pod, metadata: { ...pod.metadata, resourceVersion: "3" } };
  assert.equal(renderDiff({ kind: "modified", object: moved, before: pod, ...plain }, style), undefined);
  assert.equal(renderDiff({ kind: "bookmark", resourceVersion: "9" }, style), undefined);
});

test("renderDiff() prints gaps and losses honestly", () => {
  assert.equal(
    renderDiff({ kind: "resumed", resourceVersion: "88213", downMs: 1200 }, style),
    "12:04:31  ! connection lost 1.2 s: resumed at revision 88213, nothing missed",
  );
  assert.equal(
    renderDiff({ kind: "gap", cause: "expired", lastResourceVersion: "90100" }, style),
    "12:04:31  ! the server no longer has the history after 90100: listing again",
  );
  assert.equal(
    renderDiff({ kind: "synced", resourceVersion: "90200", objects: 3, inferred: 2, first: false }, style),
    "12:04:31  ! listed again at 90200: 2 changes inferred",
  );
});

test("renderJsonl() is one line of JSON, whatever the object holds", () => {
  const object = { metadata: { name: "a\nb\u2028" } };
  const line = renderJsonl(
    { kind: "added", object, initial: true, inferred: false },
    "2026-01-01T00:00:00.000Z",
    "pods",
  );
  assert.ok(!line.includes("\n"));
  assert.deepEqual(JSON.parse(line), {
    type: "ADDED",
    resource: "pods",
    time: "2026-01-01T00:00:00.000Z",
    initial: true,
    object,
  });
  const gap: unknown = JSON.parse(renderJsonl({ kind: "gap", cause: "errors", lastResourceVersion: "" }, "t", "pods"));
  assert.equal(readField(gap, "cause"), "errors");
});

test("readField() reads lists and refuses to step into texts", () => {
  assert.equal(readField({ spec: { containers: [{ image: "x" }] } }, "spec.containers[0].image"), "x");
  assert.equal(readField({ spec: "text" }, "spec.length"), undefined);
});
