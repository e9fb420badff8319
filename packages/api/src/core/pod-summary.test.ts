// One line of `kubectl get pods -o wide`, in all the words it has.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ApiObject, POD } from "../mod.ts";

const NOW_MS = 1_767_323_057_000;

function pod(spec: Record<string, unknown>, status?: Record<string, unknown>): ApiObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "web",
      namespace: "blue",
      uid: "u",
      resourceVersion: "7",
      creationTimestamp: "2026-01-02T03:04:05Z",
    },
    spec,
    ...(status === undefined ? {} : { status }),
  };
}

function container(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return { name: "c", image: "nginx:1", ...fields };
}

function cells(status: Record<string, unknown>, spec: Record<string, unknown> = {}): unknown[] {
  const object = pod({ containers: [container()], ...spec }, status);
  return POD.columns.map((column) => column.cell(object, NOW_MS));
}

test("one line of kubectl get pods -o wide", () => {
  const running = {
    phase: "Running",
    podIP: "10.1.0.2",
    podIPs: [{ ip: "10.1.0.2" }],
    conditions: [
      { type: "Ready", status: "True" },
      { type: "gate", status: "True" },
    ],
    containerStatuses: [
      {
        name: "c",
        ready: true,
        restartCount: 3,
        state: { running: {} },
        lastState: { terminated: { finishedAt: "2026-01-02T03:02:17Z" } },
      },
    ],
  };
  assert.deepEqual(
    cells(running, { nodeName: "a", readinessGates: [{ conditionType: "gate" }, { conditionType: "other" }] }),
    ["web", "1/1", "Running", "3 (2m ago)", "12s", "10.1.0.2", "a", "<none>", "1/2"],
  );
  assert.deepEqual(cells({ phase: "Pending" }), [
    "web",
    "0/1",
    "Pending",
    "0",
    "12s",
    "<none>",
    "<none>",
    "<none>",
    "<none>",
  ]);
});

test("the status word says what holds a pod up", () => {
  const word = (status: Record<string, unknown>, spec: Record<string, unknown> = {}): unknown => cells(status, spec)[2];
  const main = (...states: Record<string, unknown>[]): Record<string, unknown> => ({
    phase: "Running",
    containerStatuses: states.map((state, index) => ({
      name: `c${index}`,
      restartCount: 0,
      ready: "running" in state,
      state,
    })),
  });
  assert.equal(word({ phase: "Failed", reason: "Evicted" }), "Evicted");
  assert.equal(
    word({ phase: "Pending", conditions: [{ type: "PodScheduled", status: "False", reason: "SchedulingGated" }] }),
    "SchedulingGated",
  );
  assert.equal(word(main({ waiting: { reason: "CrashLoopBackOff" } })), "CrashLoopBackOff");
  assert.equal(word(main({ terminated: { exitCode: 0, reason: "Completed" } })), "Completed");
  assert.equal(word(main({ terminated: { exitCode: 1 } })), "ExitCode:1");
  assert.equal(word(main({ terminated: { exitCode: 137, signal: 9 } })), "Signal:9");
  assert.equal(word(main({ terminated: { exitCode: 0, reason: "Completed" } }, { running: {} })), "NotReady");
  const ready = {
    ...main({ terminated: { exitCode: 0, reason: "Completed" } }, { running: {} }),
    conditions: [{ type: "Ready", status: "True" }],
  };
  assert.equal(word(ready), "Running");
  assert.equal(
    word(main({ terminated: { exitCode: 0, reason: "Completed" } }, { terminated: { exitCode: 2, reason: "Error" } })),
    "Error",
  );
  const init = (...states: Record<string, unknown>[]): Record<string, unknown> => ({
    phase: "Pending",
    initContainerStatuses: states.map((state, index) => ({ name: `i${index}`, restartCount: 1, state })),
  });
  const two = { initContainers: [{ name: "i0" }, { name: "i1" }] };
  assert.equal(word(init({ running: {} }), two), "Init:0/2");
  assert.equal(
    word(init({ terminated: { exitCode: 0 } }, { waiting: { reason: "ImagePullBackOff" } }), two),
    "Init:ImagePullBackOff",
  );
  assert.equal(word(init({ terminated: { exitCode: 1, reason: "Error" } }), two), "Init:Error");
  assert.equal(
    word(init({ terminated: { exitCode: 0 } }, { waiting: { reason: "PodInitializing" } }), two),
    "Init:1/2",
  );
});

test("sidecars count like containers", () => {
  const status = {
    phase: "Running",
    initContainerStatuses: [{ name: "side", ready: true, started: true, restartCount: 2, state: { running: {} } }],
    containerStatuses: [{ name: "c", ready: true, restartCount: 1, state: { running: {} } }],
  };
  assert.deepEqual(cells(status, { initContainers: [{ name: "side", restartPolicy: "Always" }] }).slice(1, 4), [
    "2/2",
    "Running",
    "3",
  ]);
});

test("a pod that is going says so, unless it has ended or its node is lost", () => {
  const word = (status: Record<string, unknown>): unknown => {
    const object = pod({ containers: [container()] }, status);
    const going = { ...object, metadata: { ...object.metadata, deletionTimestamp: "2026-01-02T03:04:05Z" } };
    return POD.columns[2]?.cell(going, NOW_MS);
  };
  assert.equal(word({ phase: "Running" }), "Terminating");
  assert.equal(word({ phase: "Succeeded" }), "Succeeded");
  assert.equal(word({ phase: "Running", reason: "NodeLost" }), "Unknown");
});

test("finished pods carry the condition that kubectl hides rows by", () => {
  assert.deepEqual(POD.rowConditions?.(pod({}, { phase: "Running" })), []);
  assert.deepEqual(POD.rowConditions?.(pod({}, { phase: "Succeeded" })), [
    { type: "Completed", status: "True", reason: "Succeeded", message: "The pod has completed successfully." },
  ]);
});
