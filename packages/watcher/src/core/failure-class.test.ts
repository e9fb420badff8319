// When the watcher ends.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeStatus } from "@coracle/kube";
import { judgeEnd } from "./failure-class.ts";

const status = (code: number): KubeStatus => ({
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Failure",
  code,
});

test("judgeEnd() ends at once on what a first start cannot mend, and goes on with it later", () => {
  for (const [code, reason] of [
    [401, "auth"],
    [403, "auth"],
    [404, "not-found"],
  ] as const) {
    assert.equal(judgeEnd({ status: status(code), willRetry: true, hasSynced: false }), reason);
    assert.equal(judgeEnd({ status: status(code), willRetry: true, hasSynced: true }), undefined);
  }
});

test("judgeEnd() tells a refused request from a server that stayed away", () => {
  assert.equal(judgeEnd({ status: status(503), willRetry: true, hasSynced: false }), undefined);
  assert.equal(judgeEnd({ status: status(503), willRetry: false, hasSynced: true }), "gave-up");
  assert.equal(judgeEnd({ status: status(422), willRetry: false, hasSynced: false }), "failed");
});
