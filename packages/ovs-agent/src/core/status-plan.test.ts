// The smallest patch that makes a status true.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReportedStatus } from "./attachment-fields.ts";
import { type HostFacts, planStatus } from "./status-plan.ts";

const AT = { generation: 3, wallMs: 1_800_000_000_000 };
const TIME = "2027-01-15T08:00:00Z";
const NOTHING: ReportedStatus = {
  macAddress: "",
  ifcName: "",
  hostIp: "",
  hostErrors: [],
  hasExecReport: false,
  conditions: [],
};
const FIELDS = { macAddress: "06:00:00:02:00:01", ifcName: "cor060000020001" };
const IMPLEMENTED: HostFacts = {
  hostIp: "192.0.2.1",
  outcome: { kind: "implemented", ...FIELDS },
  postCreate: { kind: "none" },
  isOldReportVoid: false,
};
const READY = {
  type: "Ready",
  status: "True",
  reason: "Implemented",
  message: "The interface is in place.",
  lastTransitionTime: TIME,
  observedGeneration: 3,
} as const;

test("a first interface is one patch, and the same facts again are none", () => {
  const patch = planStatus(NOTHING, IMPLEMENTED, AT);
  assert.deepEqual(patch, { ...FIELDS, hostIP: "192.0.2.1", conditions: [READY] });
  const reported = { ...NOTHING, ...FIELDS, hostIp: "192.0.2.1", conditions: [READY] };
  assert.equal(planStatus(reported, IMPLEMENTED, { ...AT, wallMs: AT.wallMs + 99_999 }), undefined);
});

test("what the fabric has not answered yet is left as an earlier run wrote it", () => {
  const reported = { ...NOTHING, ...FIELDS, hostErrors: ["old"], hasExecReport: true };
  assert.equal(planStatus(reported, { ...IMPLEMENTED, outcome: { kind: "pending" } }, AT), undefined);
});

test("a failure clears the fields, keeps the conditions of others, and keeps the time while the status stays", () => {
  const foreign = { ...READY, type: "Addressed", reason: "Assigned" };
  const old = { ...READY, status: "False", reason: "FabricError", lastTransitionTime: "2026-01-01T00:00:00Z" } as const;
  const reported = { ...NOTHING, ...FIELDS, hostIp: "192.0.2.1", conditions: [foreign, old] };
  const outcome = { kind: "failed", code: "ADDRESS_TAKEN", message: "Cannot: taken" } as const;
  const patch = planStatus(reported, { ...IMPLEMENTED, outcome }, AT);
  assert.deepEqual(patch, {
    macAddress: "",
    ifcName: "",
    hostIP: "",
    errors: { host: ["Cannot: taken"] },
    conditions: [foreign, { ...old, reason: "AddressTaken", message: "Cannot: taken" }],
  });
});

test("a withdrawn address clears everything of the agent's", () => {
  const exec = { ...READY, type: "PostCreateExec" };
  const reported = {
    macAddress: "m",
    ifcName: "i",
    hostIp: "h",
    hostErrors: ["e"],
    hasExecReport: true,
    conditions: [READY, exec],
  };
  const patch = planStatus(reported, { ...IMPLEMENTED, outcome: { kind: "withdrawn" }, isOldReportVoid: true }, AT);
  assert.deepEqual(patch, {
    macAddress: "",
    ifcName: "",
    hostIP: "",
    errors: { host: null },
    postCreateExecReport: null,
    conditions: [{ ...READY, status: "False", reason: "AddressWithdrawn", message: "The address was withdrawn." }],
  });
});

test("a report comes with its condition; one of an older interface goes", () => {
  const report = { command: ["/x"], exitStatus: 1, startTime: TIME, stopTime: TIME, stdOut: "", stdErr: "" };
  const reported = { ...NOTHING, ...FIELDS, hostIp: "192.0.2.1", conditions: [READY] };
  const postCreate = { kind: "ended", isSuccess: false, reason: "Failed", message: "It failed.", report } as const;
  assert.deepEqual(planStatus(reported, { ...IMPLEMENTED, postCreate }, AT), {
    postCreateExecReport: report,
    conditions: [
      READY,
      {
        type: "PostCreateExec",
        status: "False",
        reason: "Failed",
        message: "It failed.",
        lastTransitionTime: TIME,
        observedGeneration: 3,
      },
    ],
  });
  const older = { ...reported, hasExecReport: true };
  assert.equal(planStatus(older, IMPLEMENTED, AT), undefined);
  assert.deepEqual(planStatus(older, { ...IMPLEMENTED, isOldReportVoid: true }, AT), { postCreateExecReport: null });
});

test("long messages are cut to what the API takes", () => {
  const outcome = { kind: "failed", code: "X", message: "y".repeat(5000) } as const;
  const patch = planStatus(NOTHING, { ...IMPLEMENTED, outcome }, AT);
  assert.deepEqual(patch?.["errors"], { host: ["y".repeat(1024)] });
});
