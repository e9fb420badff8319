// Statuses: reasons and codes, the texts servers send, and how failures are told apart.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as kube from "./mod.ts";

const SUBNETS = { group: "network.coracle.dev", resource: "subnets" };

test("failure statuses carry Kubernetes' texts, reasons and codes", () => {
  const cases: [kube.KubeStatus, number, string, string][] = [
    [kube.notFoundStatus(SUBNETS, "a"), 404, "NotFound", 'subnets.network.coracle.dev "a" not found'],
    [kube.alreadyExistsStatus({ group: "", resource: "pods" }, "a"), 409, "AlreadyExists", 'pods "a" already exists'],
    [
      kube.conflictStatus(SUBNETS, "a"),
      409,
      "Conflict",
      'Operation cannot be fulfilled on subnets.network.coracle.dev "a": the object has been modified; please apply your changes to the latest version and try again',
    ],
    [kube.forbiddenStatus(SUBNETS, "", "no"), 403, "Forbidden", "subnets.network.coracle.dev is forbidden: no"],
    [kube.badRequestStatus("x"), 400, "BadRequest", "x"],
    [kube.unauthorizedStatus(), 401, "Unauthorized", "Unauthorized"],
    [
      kube.methodNotSupportedStatus(SUBNETS, "patch"),
      405,
      "MethodNotAllowed",
      'patch is not supported on resources of kind "subnets.network.coracle.dev"',
    ],
    [
      kube.requestEntityTooLargeStatus("limit is 3145728"),
      413,
      "RequestEntityTooLarge",
      "Request entity too large: limit is 3145728",
    ],
    [kube.expiredStatus("old", "token"), 410, "Expired", "old"],
    [kube.tooManyRequestsStatus("busy", 3), 429, "TooManyRequests", "busy"],
    [kube.internalErrorStatus("x"), 500, "InternalError", "Internal error occurred: x"],
    [kube.timeoutStatus("x", 1), 504, "Timeout", "Timeout: x"],
    [kube.pathNotFoundStatus(), 404, "NotFound", "the server could not find the requested resource"],
  ];
  for (const [status, code, reason, message] of cases)
    assert.deepEqual([status.code, status.reason, status.message, status.status], [code, reason, message, "Failure"]);
  assert.deepEqual(kube.expiredStatus("old", "token").metadata, { continue: "token" });
  assert.deepEqual(kube.tooManyRequestsStatus("busy", 3).details, { retryAfterSeconds: 3 });
});

test("invalidStatus joins its causes as field error lists do", () => {
  const kind = { group: "network.coracle.dev", kind: "Subnet" };
  const causes = [
    { reason: "FieldValueRequired", field: "spec.vni", message: "Required value" },
    { reason: "FieldValueInvalid", field: "spec.ipv4", message: 'Invalid value: "x": no' },
  ];
  assert.equal(
    kube.invalidStatus(kind, "a", causes.slice(0, 1)).message,
    'Subnet.network.coracle.dev "a" is invalid: spec.vni: Required value',
  );
  const both = kube.invalidStatus(kind, "a", causes);
  assert.equal(
    both.message,
    'Subnet.network.coracle.dev "a" is invalid: [spec.vni: Required value, spec.ipv4: Invalid value: "x": no]',
  );
  assert.deepEqual(both.details, { name: "a", group: "network.coracle.dev", kind: "Subnet", causes });
});

test("StatusError carries its status and falls back to the reason for a code", () => {
  const error = new kube.StatusError(kube.notFoundStatus(SUBNETS, "a"));
  assert.deepEqual([error.code, error.httpCode, error.reason], ["KUBE_STATUS", 404, "NotFound"]);
  const bare = { kind: "Status", apiVersion: "v1", metadata: {} } as const;
  assert.equal(kube.statusCode({ ...bare, reason: "Expired" }), 410);
  assert.equal(kube.statusCode(bare), 500);
});

test("judgeFailure tells apart what a follower must do", () => {
  const status = (code: number, reason?: string): kube.KubeStatus => ({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    code,
    ...(reason === undefined ? {} : { reason }),
  });
  const cases: [kube.KubeStatus, kube.FailureVerdict][] = [
    [status(410), "expired"],
    [status(410, "Gone"), "expired"],
    [kube.resourceVersionTooLargeStatus("9", "3"), "too-large"],
    [kube.timeoutStatus("slow", 1), "transient"],
    [status(429), "throttled"],
    [status(401), "denied"],
    [status(403, "Forbidden"), "denied"],
    [status(404), "missing"],
    [status(422, "Invalid"), "invalid"],
    [status(400), "invalid"],
    [status(500, "InternalError"), "internal"],
    [status(500, "ServerTimeout"), "transient"],
    [status(503), "transient"],
    [status(502), "transient"],
  ];
  for (const [input, verdict] of cases) assert.equal(kube.judgeFailure(input), verdict, JSON.stringify(input));
  assert.equal(kube.statusRetryAfterMs(kube.tooManyRequestsStatus("busy", 3)), 3000);
  assert.equal(kube.statusRetryAfterMs(kube.tooManyRequestsStatus("busy", 1e9)), 3_600_000);
  assert.equal(kube.statusRetryAfterMs(status(429)), undefined);
});
