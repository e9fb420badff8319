// Every rule, stamp, column and selector of Subnet, NetworkAttachment and IPLock.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type ApiObject,
  formatFieldErrors,
  IP_LOCK,
  NETWORK_ATTACHMENT,
  type ResourceDefinition,
  SUBNET,
} from "../mod.ts";

const FIRST = { nowMicroTime: "2026-01-02T03:04:05.000001Z" };
const LATER = { nowMicroTime: "2026-01-02T03:04:06.000002Z" };

function make(definition: ResourceDefinition, name: string, fields: Record<string, unknown>): ApiObject {
  return {
    apiVersion: `${definition.group}/${definition.version}`,
    kind: definition.kind,
    metadata: { name, namespace: "blue", uid: "u1", resourceVersion: "7", generation: 1 },
    ...fields,
  };
}

function subnet(spec: Record<string, unknown>): ApiObject {
  return make(SUBNET, "sn", { spec });
}

function attachment(spec: Record<string, unknown> = {}): ApiObject {
  return make(NETWORK_ATTACHMENT, "na", { spec: { node: "a", subnet: "sn", ...spec } });
}

function lock(name: string, spec: Record<string, unknown> = { subnetName: "sn" }): ApiObject {
  return make(IP_LOCK, name, { spec });
}

function created(definition: ResourceDefinition, object: ApiObject): ApiObject {
  return definition.strategy.prepareForCreate(object, FIRST);
}

function sections(object: ApiObject): unknown {
  return object["extendedMetadata"];
}

function withStatus(object: ApiObject, status: Record<string, unknown>): ApiObject {
  return { ...object, status };
}

test("subnet: VNI has 21 bits and is not zero", () => {
  const errorsOf = (vni: unknown): string =>
    formatFieldErrors(SUBNET.strategy.validate(subnet({ ipv4: "10.0.0.0/24", vni })));
  assert.equal(errorsOf(0), "spec.vni: Invalid value: 0: spec.vni in body should be greater than or equal to 1");
  assert.equal(
    errorsOf(2_097_152),
    "spec.vni: Invalid value: 2097152: spec.vni in body should be less than or equal to 2097151",
  );
  assert.equal(errorsOf("7"), 'spec.vni: Invalid value: "string": spec.vni in body must be of type integer: "string"');
  assert.equal(errorsOf(1.5), 'spec.vni: Invalid value: "number": spec.vni in body must be of type integer: "number"');
  assert.equal(errorsOf(undefined), "spec.vni: Required value");
  for (const vni of [1, 2_097_151])
    assert.deepEqual(SUBNET.strategy.validate(subnet({ ipv4: "10.0.0.0/24", vni })), []);
});

test("subnet: the range is IPv4, whole, private", () => {
  const errorsOf = (ipv4: unknown): string => formatFieldErrors(SUBNET.strategy.validate(subnet({ ipv4, vni: 1 })));
  for (const right of ["10.0.0.0/8", "10.255.255.254/31", "172.16.0.0/12", "172.31.255.255/32", "192.168.7.0/24"]) {
    assert.equal(errorsOf(right), "[]", right);
  }
  const bad: readonly (readonly [string, RegExp])[] = [
    ["", /Invalid value: "": must be an IPv4 range in CIDR form/],
    ["10.0.0.0", /in CIDR form/],
    ["10.0.0.0/33", /in CIDR form/],
    ["10.0.0.00/24", /in CIDR form/],
    ["10.0.0.256/24", /in CIDR form/],
    ["fd00::/64", /Invalid value: "fd00::\/64": must be an IPv4 range: IPv6 is not supported/],
    ["::ffff:10.0.0.0/120", /IPv6 is not supported/],
    ["10.0.0.7/24", /must not have host bits set: the range is 10\.0\.0\.0\/24/],
    ["11.0.0.0/24", /must be within 10\.0\.0\.0\/8/],
    ["10.0.0.0/7", /must be within 10\.0\.0\.0\/8/],
    ["172.32.0.0/16", /must be within/],
    ["0.0.0.0/0", /must be within/],
    [`10.0.0.0/24${" ".repeat(64)}`, /spec\.ipv4: Too long: may not be more than 64 bytes/],
  ];
  for (const [text, message] of bad) assert.match(errorsOf(text), message);
  assert.equal(errorsOf(undefined), "spec.ipv4: Required value");
  assert.equal(formatFieldErrors(SUBNET.strategy.validate(make(SUBNET, "sn", {}))), "spec: Required value");
});

test("subnet: VNI and range cannot change, labels can, and the status of the main resource is the stored one", () => {
  const old = withStatus(created(SUBNET, subnet({ ipv4: "10.0.0.0/24", vni: 1 })), { validated: true });
  const changed = { ...old, spec: { ipv4: "10.0.1.0/24", vni: 2 }, status: { validated: false } };
  const prepared = SUBNET.strategy.prepareForUpdate(changed, old, LATER);
  assert.deepEqual(prepared["status"], { validated: true });
  assert.equal(
    formatFieldErrors(SUBNET.strategy.validateUpdate(prepared, old)),
    "[spec.vni: Forbidden: field is immutable, spec.ipv4: Forbidden: field is immutable]",
  );
  const labelled = { ...old, metadata: { ...old.metadata, labels: { a: "b" } } };
  const update = SUBNET.strategy.prepareForUpdate(labelled, old, LATER);
  assert.deepEqual(SUBNET.strategy.validateUpdate(update, old), []);
  assert.equal(update.metadata.generation, 1);
  assert.deepEqual(sections(update), sections(old));
});

test("subnet: stamps", () => {
  const sent = {
    ...subnet({ ipv4: "10.0.0.0/24", vni: 1 }),
    extendedMetadata: { writes: [{ section: "x", serverTime: "y" }] },
  };
  const made = created(SUBNET, withStatus(sent, { validated: true }));
  assert.equal(made["status"], undefined);
  assert.deepEqual(sections(made), { writes: [{ section: "spec", serverTime: FIRST.nowMicroTime }] });
  const validated = SUBNET.strategy.prepareForStatusUpdate(withStatus(made, { validated: true }), made, LATER);
  assert.deepEqual(sections(validated), {
    writes: [
      { section: "status", serverTime: LATER.nowMicroTime },
      { section: "spec", serverTime: FIRST.nowMicroTime },
    ],
  });
  const conditions = [
    { type: "Ready", status: "True", reason: "Validated", message: "", lastTransitionTime: "2026-01-02T03:04:05Z" },
  ];
  const observed = SUBNET.strategy.prepareForStatusUpdate(
    withStatus(validated, { validated: true, conditions }),
    validated,
    LATER,
  );
  assert.deepEqual(sections(observed), sections(validated), "conditions alone stamp nothing");
  assert.deepEqual(SUBNET.strategy.validateStatusUpdate(observed, validated), []);
});

test("status updates keep everything but the status, the revision asked for and the field managers", () => {
  const made = created(SUBNET, subnet({ ipv4: "10.0.0.0/24", vni: 1 }));
  const managedFields = [{ manager: "m", operation: "Update" as const }];
  const sent: ApiObject = {
    ...made,
    metadata: { ...made.metadata, labels: { no: "no" }, resourceVersion: "9", managedFields },
    spec: { ipv4: "10.9.0.0/24", vni: 9 },
    status: { errors: ["x"] },
  };
  const next = SUBNET.strategy.prepareForStatusUpdate(sent, made, LATER);
  assert.deepEqual(next["spec"], made["spec"]);
  assert.deepEqual(next.metadata, { ...made.metadata, resourceVersion: "9", managedFields });
  assert.deepEqual(next["status"], { errors: ["x"] });
  const { status: _, ...without } = sent;
  assert.equal("status" in SUBNET.strategy.prepareForStatusUpdate(without as ApiObject, next, LATER), false);
});

test("attachment: names are names, commands are bounded", () => {
  const errorsOf = (spec: Record<string, unknown>): string =>
    formatFieldErrors(NETWORK_ATTACHMENT.strategy.validate(attachment(spec)));
  assert.equal(errorsOf({}), "[]");
  assert.equal(errorsOf({ node: "" }), "spec.node: Required value");
  assert.match(
    errorsOf({ node: "Node_A" }),
    /^spec\.node: Invalid value: "Node_A": a lowercase RFC 1123 subdomain must consist/,
  );
  assert.match(errorsOf({ subnet: "x/y" }), /^spec\.subnet: Invalid value: "x\/y": a lowercase RFC 1123 subdomain/);
  assert.match(errorsOf({ node: "n".repeat(254) }), /spec\.node: Too long: may not be more than 253 bytes/);
  assert.equal(errorsOf({ postCreateExec: ["/bin/true", "${ifname}"], postDeleteExec: [] }), "[]");
  assert.equal(
    errorsOf({ postCreateExec: [""] }),
    "spec.postCreateExec[0]: Required value: the first word names the program",
  );
  assert.match(errorsOf({ postDeleteExec: ["a", "b\0c"] }), /spec\.postDeleteExec\[1\]: Invalid value: .* NUL/);
  assert.equal(
    errorsOf({ postCreateExec: Array(65).fill("x") }),
    "spec.postCreateExec: Too many: 65: must have at most 64 items",
  );
  assert.equal(
    errorsOf({ postCreateExec: ["x".repeat(4097)] }),
    "spec.postCreateExec[0]: Too long: may not be more than 4096 bytes",
  );
});

test("attachment: only postDeleteExec can change; that stamps the spec and raises the generation", () => {
  const { strategy } = NETWORK_ATTACHMENT;
  const old = created(NETWORK_ATTACHMENT, attachment({ postCreateExec: ["a"] }));
  const moved = strategy.prepareForUpdate(
    { ...old, spec: { node: "b", subnet: "s2", postCreateExec: ["b"] } },
    old,
    LATER,
  );
  assert.equal(
    formatFieldErrors(strategy.validateUpdate(moved, old)),
    "[spec.node: Forbidden: field is immutable, spec.subnet: Forbidden: field is immutable, spec.postCreateExec: Forbidden: field is immutable]",
  );
  const changed = strategy.prepareForUpdate(attachment({ postCreateExec: ["a"], postDeleteExec: ["b"] }), old, LATER);
  assert.deepEqual(strategy.validateUpdate(changed, old), []);
  assert.equal(changed.metadata.generation, 2);
  assert.deepEqual(sections(changed), { writes: [{ section: "spec", serverTime: LATER.nowMicroTime }] });
});

test("attachment: each status field stamps its own section, and what did not change stamps nothing", () => {
  const { strategy } = NETWORK_ATTACHMENT;
  const old = created(NETWORK_ATTACHMENT, attachment());
  const stampedBy = (before: Record<string, unknown>, after: Record<string, unknown>): string[] => {
    const base = withStatus(old, before);
    const next = strategy.prepareForStatusUpdate(withStatus(base, after), base, LATER);
    const { writes } = sections(next) as { writes: { section: string; serverTime: string }[] };
    return writes.filter((write) => write.serverTime === LATER.nowMicroTime).map((write) => write.section);
  };
  for (const [field, value] of Object.entries({
    lockUID: "u",
    addressVNI: 7,
    ipv4: "10.0.0.1",
    addressContention: true,
    subnetCreationTime: "2026-01-02T03:04:05.000001Z",
    errors: { ipam: ["full"] },
  })) {
    assert.deepEqual(stampedBy({}, { [field]: value }), ["status.address"], field);
    assert.deepEqual(stampedBy({ [field]: value }, { [field]: value }), [], field);
    assert.deepEqual(stampedBy({ [field]: value }, {}), ["status.address"], field);
  }
  for (const [field, value] of Object.entries({
    macAddress: "02:00:0a:00:00:01",
    ifcName: "eth1",
    hostIP: "192.0.2.1",
    errors: { host: ["refused"] },
  })) {
    assert.deepEqual(stampedBy({}, { [field]: value }), ["status.impl"], field);
  }
  assert.deepEqual(
    stampedBy({}, { ipv4: "", addressVNI: 0, errors: { ipam: [], host: [] }, addressContention: false }),
    [],
  );
  const report = {
    command: ["a"],
    exitStatus: 0,
    startTime: "2026-01-02T03:04:05Z",
    stopTime: "2026-01-02T03:04:06Z",
    stdOut: "",
    stdErr: "",
  };
  assert.deepEqual(stampedBy({}, { postCreateExecReport: report }), ["status.execReport"]);
  const sameSecond = { ...report, startTime: "2026-01-02T03:04:05.999Z", stopTime: "2026-01-02T04:04:06+01:00" };
  assert.deepEqual(stampedBy({ postCreateExecReport: report }, { postCreateExecReport: sameSecond }), []);
  assert.deepEqual(
    stampedBy({ postCreateExecReport: report }, { postCreateExecReport: { ...report, exitStatus: -2 } }),
    ["status.execReport"],
  );
  assert.deepEqual(stampedBy({ ipv4: "10.0.0.1" }, { ipv4: "10.0.0.2", ifcName: "eth1" }), [
    "status.impl",
    "status.address",
  ]);
});

test("attachment: status values have their forms", () => {
  const errorsOf = (status: Record<string, unknown>): string =>
    formatFieldErrors(NETWORK_ATTACHMENT.strategy.validateStatusUpdate(withStatus(attachment(), status), attachment()));
  for (const right of [
    {},
    { ipv4: "", macAddress: "", ifcName: "", hostIP: "" },
    { ipv4: "10.0.0.1", macAddress: "02:00:0a:0b:0c:0d", ifcName: "veth.1-a", hostIP: "2001:db8::1" },
    { errors: { ipam: ["x"] } },
  ]) {
    assert.equal(errorsOf(right), "[]", JSON.stringify(right));
  }
  assert.equal(errorsOf({ ipv4: "10.0.0.256" }), 'status.ipv4: Invalid value: "10.0.0.256": must be an IPv4 address');
  assert.match(errorsOf({ ipv4: "fd00::1" }), /status\.ipv4: Invalid value/);
  assert.match(errorsOf({ macAddress: "02:00:0A:00:00:01" }), /status\.macAddress: .*six lower-case/);
  assert.match(errorsOf({ ifcName: "a/b" }), /status\.ifcName: .*Linux interface/);
  assert.match(errorsOf({ ifcName: ".." }), /status\.ifcName/);
  assert.match(errorsOf({ ifcName: "sixteen-letters-" }), /status\.ifcName: Too long/);
  assert.match(errorsOf({ hostIP: "node-a" }), /status\.hostIP: .*must be an IP address/);
  assert.match(errorsOf({ addressVNI: 2_097_152 }), /status\.addressVNI: .*less than or equal to 2097151/);
  assert.match(
    errorsOf({ subnetCreationTime: "2026-02-30T00:00:00.000000Z" }),
    /status\.subnetCreationTime: .*RFC 3339/,
  );
  assert.match(errorsOf({ errors: { host: Array(65).fill("x") } }), /status\.errors\.host: Too many: 65/);
  const condition = {
    type: "Ready",
    status: "True",
    reason: "Ok",
    message: "",
    lastTransitionTime: "2026-01-02T03:04:05Z",
  };
  assert.equal(errorsOf({ conditions: [condition] }), "[]");
  assert.equal(
    errorsOf({ conditions: [condition, condition] }),
    'status.conditions[1]: Duplicate value: {"type":"Ready"}',
  );
  assert.match(
    errorsOf({ conditions: [{ ...condition, status: "Yes" }] }),
    /status\.conditions\[0\]\.status: Unsupported value: "Yes": supported values: "True", "False", "Unknown"/,
  );
});

test("lock: the name is the lock, and nothing in it can change", () => {
  const errorsOf = (name: string): string => formatFieldErrors(IP_LOCK.strategy.validate(lock(name)));
  assert.equal(errorsOf("v1-7-10-0-0-5"), "[]");
  assert.equal(errorsOf("v1-2097151-255-255-255-255"), "[]");
  for (const bad of [
    "v2-7-10-0-0-5",
    "v1-0-10-0-0-5",
    "v1-2097152-10-0-0-5",
    "v1-7-10-0-0",
    "v1-7-10-0-0-256",
    "v1-07-10-0-0-5",
    "v1-7-10-0-0-05",
  ]) {
    assert.match(errorsOf(bad), /metadata\.name: Invalid value: .*must be v1-<vni>/, bad);
  }
  const old = created(IP_LOCK, lock("v1-7-10-0-0-5"));
  assert.deepEqual(sections(old), { writes: [{ section: "spec", serverTime: FIRST.nowMicroTime }] });
  const forged = { ...lock("v1-7-10-0-0-5", { subnetName: "other" }), extendedMetadata: { writes: [] } };
  const next = IP_LOCK.strategy.prepareForUpdate(forged, old, LATER);
  assert.deepEqual(sections(next), sections(old));
  assert.equal(
    formatFieldErrors(IP_LOCK.strategy.validateUpdate(next, old)),
    "spec.subnetName: Forbidden: field is immutable",
  );
});

test("metadata of a network object follows the rules of every kind", () => {
  const bad = { ...subnet({ ipv4: "10.0.0.0/24", vni: 1 }), metadata: { name: "Bad", labels: { "a/b/c": "x" } } };
  const fields = SUBNET.strategy.validate(bad).map((error) => error.field);
  assert.deepEqual(fields, ["metadata.name", "metadata.namespace", "metadata.labels"]);
});
