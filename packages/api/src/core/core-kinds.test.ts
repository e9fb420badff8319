// ConfigMap, Secret, ServiceAccount, Lease, Namespace, Node, Event: rules, defaults, columns, selectors.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeBase64 } from "@coracle/base";
import {
  type ApiObject,
  CONFIG_MAP,
  CORE_DEFINITIONS,
  EVENT,
  formatFieldErrors,
  LEASE,
  NAMESPACE,
  NODE,
  type ResourceDefinition,
  REVIEW_DEFINITIONS,
  SECRET,
  SERVICE_ACCOUNT,
} from "../mod.ts";

const CONTEXT = { nowMicroTime: "2026-01-02T03:04:05.000000Z" };
const NOW_MS = 1_767_323_057_000;

function make(definition: ResourceDefinition, fields: Record<string, unknown>): ApiObject {
  return {
    apiVersion: definition.group === "" ? "v1" : `${definition.group}/v1`,
    kind: definition.kind,
    metadata: {
      name: "a",
      ...(definition.namespaced ? { namespace: "blue" } : {}),
      resourceVersion: "7",
      creationTimestamp: "2026-01-02T03:04:05Z",
    },
    ...fields,
  };
}

function created(definition: ResourceDefinition, fields: Record<string, unknown>): ApiObject {
  const { strategy } = definition;
  return strategy.prepareForCreate(strategy.setDefaults(make(definition, fields)), CONTEXT);
}

function errorsOf(definition: ResourceDefinition, fields: Record<string, unknown>): string {
  return formatFieldErrors(definition.strategy.validate(created(definition, fields)));
}

function updateErrors(
  definition: ResourceDefinition,
  fields: Record<string, unknown>,
  before: Record<string, unknown>,
): string {
  const { strategy } = definition;
  const old = created(definition, before);
  const next = strategy.prepareForUpdate(strategy.setDefaults(make(definition, fields)), old, CONTEXT);
  return formatFieldErrors(strategy.validateUpdate(next, old));
}

function cells(definition: ResourceDefinition, fields: Record<string, unknown>): unknown[] {
  const object = created(definition, fields);
  return definition.columns.map((column) => column.cell(object, NOW_MS));
}

test("configmap: keys, sizes, immutability, columns", () => {
  assert.equal(errorsOf(CONFIG_MAP, { data: { "a.b": "x" }, binaryData: { c: "aGk=" } }), "[]");
  assert.match(
    errorsOf(CONFIG_MAP, { data: { "a b": "x" } }),
    /^data\[a b\]: Invalid value: "a b": a valid config key must consist/,
  );
  assert.match(
    errorsOf(CONFIG_MAP, { data: { a: "x" }, binaryData: { a: "" } }),
    /^data\[a\]: Invalid value: "a": duplicate of key present in binaryData$/,
  );
  assert.equal(errorsOf(CONFIG_MAP, { data: { a: "é".repeat(524_288) } }), "[]");
  assert.equal(
    errorsOf(CONFIG_MAP, { data: { a: `${"é".repeat(524_288)}x` } }),
    "[]: Too long: may not be more than 1048576 bytes",
  );
  const fixed = { data: { a: "x" }, immutable: true };
  assert.equal(updateErrors(CONFIG_MAP, fixed, fixed), "[]");
  assert.equal(
    updateErrors(CONFIG_MAP, { data: { a: "y" } }, fixed),
    "[immutable: Forbidden: field is immutable when `immutable` is set, data: Forbidden: field is immutable when `immutable` is set]",
  );
  assert.equal(updateErrors(CONFIG_MAP, { data: { a: "y" } }, { data: { a: "x" } }), "[]");
  assert.deepEqual(cells(CONFIG_MAP, { data: { a: "x" }, binaryData: { c: "aGk=" } }), ["a", 2, "12s"]);
  assert.equal(created(CONFIG_MAP, { data: {} })["data"], undefined);
  assert.equal(created(CONFIG_MAP, {}).metadata.generation, undefined);
});

test("secret: stringData is written, never kept; types are fixed and may demand keys; no message shows a value", () => {
  assert.deepEqual(created(SECRET, { stringData: { a: "hä", b: "" }, data: { a: "eA==", c: "eQ==" } })["data"], {
    a: "aMOk",
    b: "",
    c: "eQ==",
  });
  assert.equal(created(SECRET, { stringData: { a: "x" } })["stringData"], undefined);
  assert.equal(created(SECRET, {})["type"], "Opaque");
  assert.equal(
    errorsOf(SECRET, { type: "kubernetes.io/tls" }),
    "[data[tls.crt]: Required value, data[tls.key]: Required value]",
  );
  assert.equal(errorsOf(SECRET, { type: "kubernetes.io/dockerconfigjson" }), "data[.dockerconfigjson]: Required value");
  assert.equal(
    errorsOf(SECRET, { type: "kubernetes.io/basic-auth" }),
    "[data[username]: Required value, data[password]: Required value]",
  );
  assert.equal(errorsOf(SECRET, { type: "kubernetes.io/basic-auth", stringData: { username: "u" } }), "[]");
  assert.match(
    errorsOf(SECRET, { type: "kubernetes.io/service-account-token" }),
    /^metadata\.annotations\[kubernetes\.io\/service-account\.name\]: Required/,
  );
  assert.equal(updateErrors(SECRET, { type: "other" }, {}), 'type: Invalid value: "other": field is immutable');
  assert.equal(updateErrors(SECRET, { data: { a: "eA==" } }, {}), "[]");
  assert.match(updateErrors(SECRET, { data: { a: "eA==" }, immutable: true }, { immutable: true }), /^data: Forbidden/);
  assert.equal(
    errorsOf(SECRET, { data: { a: encodeBase64(new Uint8Array(1_048_577)) } }),
    "data: Too long: may not be more than 1048576 bytes",
  );
  assert.doesNotMatch(errorsOf(SECRET, { data: { a: "hunter2!" } }), /hunter2/);
  assert.deepEqual(cells(SECRET, { stringData: { a: "x" } }), ["a", "Opaque", 1, "12s"]);
  assert.equal(SECRET.selectableFields["type"]?.(created(SECRET, {})), "Opaque");
});

test("lease: numbers, holder, create on update", () => {
  assert.equal(errorsOf(LEASE, { spec: { holderIdentity: "x", leaseDurationSeconds: 15 } }), "[]");
  assert.equal(
    errorsOf(LEASE, { spec: { leaseDurationSeconds: 0 } }),
    "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
  );
  assert.match(errorsOf(LEASE, { spec: { leaseTransitions: -1 } }), /must be greater than or equal to 0$/);
  assert.deepEqual(created(LEASE, {})["spec"], {});
  assert.deepEqual(cells(LEASE, { spec: { holderIdentity: "x" } }), ["a", "x", "12s"]);
  assert.deepEqual(
    [LEASE.group, LEASE.allowCreateOnUpdate, LEASE.allowUnconditionalUpdate],
    ["coordination.k8s.io", true, false],
  );
});

test("namespace: its finalizer, its label, its phase; the spec only changes by finalize", () => {
  const made = created(NAMESPACE, { spec: { finalizers: ["a.b/c"] }, status: { phase: "Terminating" } });
  assert.deepEqual(made["spec"], { finalizers: ["a.b/c", "kubernetes"] });
  assert.deepEqual(made["status"], { phase: "Active" });
  assert.deepEqual(made.metadata.labels, { "kubernetes.io/metadata.name": "a" });
  assert.deepEqual(NAMESPACE.strategy.validate(made), []);
  const next = NAMESPACE.strategy.prepareForUpdate(
    { ...made, spec: { finalizers: [] }, status: { phase: "x" } },
    made,
    CONTEXT,
  );
  assert.deepEqual([next["spec"], next["status"]], [made["spec"], made["status"]]);
  assert.match(
    errorsOf(NAMESPACE, { spec: { finalizers: ["plain"] } }),
    /neither a standard finalizer name nor is it fully qualified$/,
  );
  const long = { ...made, metadata: { ...made.metadata, name: "a.b" } };
  assert.match(
    formatFieldErrors(NAMESPACE.strategy.validate(long)),
    /^metadata\.name: Invalid value: "a\.b": must not contain dots$/,
  );
  assert.deepEqual(cells(NAMESPACE, {}), ["a", "Active", "12s"]);
  assert.equal(NAMESPACE.verbs.includes("deletecollection"), false);
});

test("node: columns of a node that is ready, drained, unknown", () => {
  const node = make(NODE, {
    spec: { unschedulable: true },
    status: {
      conditions: [{ type: "Ready", status: "True" }],
      addresses: [{ type: "InternalIP", address: "192.0.2.1" }],
      nodeInfo: { kubeletVersion: "v1", kernelVersion: "6.1", architecture: "amd64" },
    },
  });
  const labelled = {
    ...node,
    metadata: { ...node.metadata, labels: { "node-role.kubernetes.io/worker": "", "kubernetes.io/role": "edge" } },
  };
  assert.deepEqual(
    NODE.columns.map((column) => column.cell(labelled, NOW_MS)),
    [
      "a",
      "Ready,SchedulingDisabled",
      "edge,worker",
      "12s",
      "v1",
      "192.0.2.1",
      "<none>",
      "<unknown>",
      "6.1 (amd64)",
      "<unknown>",
    ],
  );
  assert.deepEqual(cells(NODE, {}).slice(1, 3), ["Unknown", "<none>"]);
  assert.equal(
    NODE.columns[1]?.cell(make(NODE, { status: { conditions: [{ type: "Ready", status: "False" }] } }), NOW_MS),
    "NotReady",
  );
  assert.equal(NODE.selectableFields["spec.unschedulable"]?.(labelled), "true");
  assert.equal(NODE.selectableFields["spec.unschedulable"]?.(created(NODE, {})), "false");
});

test("event: namespaces must agree, new events have more rules, columns show when and how often", () => {
  const about = { involvedObject: { kind: "Pod", name: "p", namespace: "blue", fieldPath: "spec" } };
  assert.equal(errorsOf(EVENT, about), "[]");
  assert.equal(
    errorsOf(EVENT, { involvedObject: { namespace: "red" } }),
    'involvedObject.namespace: Invalid value: "red": does not match event.namespace',
  );
  assert.match(errorsOf(EVENT, { involvedObject: {} }), /does not match event\.namespace$/);
  assert.equal(
    errorsOf(EVENT, {
      ...about,
      eventTime: "2026-01-02T03:04:05.000000Z",
      reportingComponent: "a.b/c",
      reportingInstance: "i",
    }),
    "[action: Required value, reason: Required value]",
  );
  const row = {
    ...about,
    type: "Normal",
    reason: "Started",
    message: " went up \n",
    source: { component: "agent", host: "node-a" },
    firstTimestamp: "2026-01-02T03:02:05Z",
    lastTimestamp: "2026-01-02T03:04:05Z",
    count: 3,
  };
  assert.deepEqual(cells(EVENT, row), [
    "12s",
    "Normal",
    "Started",
    "pod/p",
    "spec",
    "agent, node-a",
    "went up",
    "2m12s",
    3,
    "a",
  ]);
  const series = { ...row, series: { count: 9, lastObservedTime: "2026-01-02T03:04:15.000000Z" } };
  assert.deepEqual([cells(EVENT, series)[0], cells(EVENT, series)[8]], ["2s", 9]);
  const single = { ...about, eventTime: "2026-01-02T03:04:05.000000Z" };
  assert.deepEqual([cells(EVENT, single)[0], cells(EVENT, single)[7], cells(EVENT, single)[8]], ["12s", "12s", 1]);
  const made = created(EVENT, { ...about, reportingComponent: "agent" });
  assert.equal(made["firstTimestamp"], null);
  assert.equal(EVENT.selectableFields["involvedObject.name"]?.(made), "p");
  assert.equal(EVENT.selectableFields["source"]?.(made), "agent");
  const read = EVENT.strategy.setDefaults(made);
  assert.deepEqual(read, made, "reading back changes nothing");
});

test("every definition is whole: schema, plural, singular, list kind; reviews can only be created", () => {
  for (const definition of [...CORE_DEFINITIONS, ...REVIEW_DEFINITIONS]) {
    assert.equal(definition.schema.type, "object", definition.kind);
    assert.equal(definition.schema.definitionName?.endsWith(`.${definition.kind}`), true);
    assert.equal(definition.singular, definition.kind.toLowerCase());
    assert.equal(definition.listKind, `${definition.kind}List`);
    assert.equal(definition.builtIn, true);
    assert.equal(
      definition.columns.some((column) => column.format === "name"),
      true,
    );
  }
  for (const definition of REVIEW_DEFINITIONS) assert.deepEqual(definition.verbs, ["create"]);
  assert.deepEqual(
    SERVICE_ACCOUNT.subresources.others.map((one) => [one.name, one.kind]),
    [["token", "TokenRequest"]],
  );
  assert.deepEqual(cells(SERVICE_ACCOUNT, {}), ["a", "12s"]);
});

test("defaults are stable: applying them to their own result changes nothing", () => {
  for (const definition of CORE_DEFINITIONS) {
    const made = created(
      definition,
      definition.kind === "Pod" ? { spec: { containers: [{ name: "c", image: "i" }] } } : {},
    );
    assert.deepEqual(definition.strategy.setDefaults(made), made, definition.kind);
  }
});
