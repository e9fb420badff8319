// Field tracking of creates, updates and patches: who comes to own what, in the exact spelling of managedFields.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isJsonObject } from "@coracle/api";
import type { JsonObject } from "@coracle/api";
import { ignoreTimestampOnlyChange, managerNameOf, trackUpdate, UPDATE_MANAGERS_MAX } from "./mod.ts";
import { managersOf, subnet, subnetSchema, tracking } from "./testing.ts";

test("trackUpdate() gives a creation to its writer, without type and identity", () => {
  const created = trackUpdate(
    undefined,
    subnet({ vni: 1, list: [{ name: "a", port: 1 }], tags: ["x"], labels: { a: "b" } }),
    tracking(),
  );
  assert.deepEqual(managersOf(created), [
    {
      manager: "tester",
      operation: "Update",
      apiVersion: "network.coracle.dev/v1alpha1",
      time: "2026-01-02T03:04:05Z",
      fieldsType: "FieldsV1",
      fieldsV1: {
        "f:spec": {
          ".": {},
          "f:labels": { ".": {}, "f:a": {} },
          "f:list": { ".": {}, 'k:{"name":"a"}': { ".": {}, "f:name": {}, "f:port": {} } },
          "f:tags": { ".": {}, 'v:"x"': {} },
          "f:vni": {},
        },
      },
    },
  ]);
  const [entry] = managersOf(created);
  assert.deepEqual(Object.keys(entry ?? {}), ["manager", "operation", "apiVersion", "time", "fieldsType", "fieldsV1"]);
});

test("trackUpdate() does not own a built-in kind's own structs", () => {
  const pod: JsonObject = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "a", labels: { x: "y" } },
    spec: { containers: [{ name: "c" }] },
  };
  const schema = {
    type: "object",
    properties: {
      metadata: {
        type: "object",
        properties: { name: { type: "string" }, labels: { type: "object", additionalProperties: { type: "string" } } },
      },
      spec: {
        type: "object",
        required: ["containers"],
        properties: {
          containers: {
            type: "array",
            listType: "map",
            listMapKeys: ["name"],
            items: { type: "object", properties: { name: { type: "string" } } },
          },
        },
      },
    },
  } as const;
  const created = trackUpdate(undefined, pod, { ...tracking({ apiVersion: "v1" }), builtIn: true, schema });
  assert.deepEqual(managersOf(created)[0]?.["fieldsV1"], {
    "f:metadata": { "f:labels": { ".": {}, "f:x": {} } },
    "f:spec": { "f:containers": { 'k:{"name":"c"}': { ".": {}, "f:name": {} } } },
  });
});

test("trackUpdate() moves changed fields to the new writer and drops removed ones", () => {
  const created = trackUpdate(undefined, subnet({ vni: 1, tags: ["x", "y"] }), tracking());
  const stored = { ...created, metadata: { ...metadataOf(created), uid: "u" } };
  const next = { ...stored, spec: { vni: 2, tags: ["y"] } };
  const updated = trackUpdate(stored, next, tracking({ manager: "other", nowRfc3339: "2026-01-02T03:05:00Z" }));
  const owners = managersOf(updated).map((entry) => [entry["manager"], entry["fieldsV1"], entry["time"]]);
  assert.deepEqual(owners, [
    ["tester", { "f:spec": { ".": {}, "f:tags": { ".": {}, 'v:"y"': {} } } }, "2026-01-02T03:04:05Z"],
    ["other", { "f:spec": { "f:vni": {} } }, "2026-01-02T03:05:00Z"],
  ]);
});

test("trackUpdate() leaves the tracking alone when nothing changed", () => {
  const stored = asStored(trackUpdate(undefined, subnet({ vni: 1 }), tracking()));
  const later = tracking({ nowRfc3339: "2027-01-01T00:00:00Z" });
  assert.deepEqual(trackUpdate(stored, stored, later), stored);
  assert.deepEqual(trackUpdate(stored, { ...stored, metadata: { name: "a", uid: "u" } }, later), stored);
});

test("trackUpdate() keeps tracking off where it was cleared", () => {
  const stored = asStored(trackUpdate(undefined, subnet({ vni: 1 }), tracking()));
  for (const managedFields of [[], [{}]]) {
    const cleared = trackUpdate(stored, { ...stored, metadata: { ...metadataOf(stored), managedFields } }, tracking());
    assert.equal(metadataOf(cleared)["managedFields"], undefined);
    const again = trackUpdate(cleared, { ...cleared, spec: { vni: 3 } }, tracking());
    assert.equal(metadataOf(again)["managedFields"], undefined);
  }
});

test("trackUpdate() ignores tracking that cannot be read", () => {
  const stored = asStored(trackUpdate(undefined, subnet({ vni: 1 }), tracking()));
  for (const managedFields of [
    [{ manager: "x" }],
    [{ operation: "Update", apiVersion: "v1", fieldsType: "FieldsV1", fieldsV1: { "f:": 1 } }],
    "x",
  ]) {
    const next = trackUpdate(stored, { ...stored, metadata: { ...metadataOf(stored), managedFields } }, tracking());
    assert.deepEqual(next, stored);
  }
});

test("trackUpdate() separates the status endpoint and what it resets", () => {
  const stored = asStored(trackUpdate(undefined, subnet({ vni: 1 }), tracking()));
  const status = tracking({ manager: "controller", subresource: "status", resetFields: [["metadata"], ["spec"]] });
  const updated = trackUpdate(stored, { ...stored, status: { ready: true }, spec: { vni: 7 } }, status);
  const entry = managersOf(updated).find((candidate) => candidate["manager"] === "controller");
  assert.deepEqual(entry?.["fieldsV1"], { "f:status": { ".": {}, "f:ready": {} } });
  assert.equal(entry?.["subresource"], "status");
});

test("trackUpdate() folds the oldest writers together and loses no ownership", () => {
  let stored = asStored(trackUpdate(undefined, subnet({ labels: { l0: "x" } }), tracking({ manager: "m0" })));
  for (let writer = 1; writer <= UPDATE_MANAGERS_MAX + 3; writer += 1) {
    const labels = { ...labelsOf(stored), [`l${writer}`]: "x" };
    const nowRfc3339 = `2026-01-02T03:${String(10 + writer)}:00Z`;
    stored = trackUpdate(stored, { ...stored, spec: { labels } }, tracking({ manager: `m${writer}`, nowRfc3339 }));
  }
  const entries = managersOf(stored);
  assert.equal(entries.length, UPDATE_MANAGERS_MAX);
  assert.equal(entries[0]?.["manager"], "ancient-changes");
  const text = JSON.stringify(entries);
  for (const label of Object.keys(labelsOf(stored))) assert.match(text, new RegExp(`"f:${label}"`));
});

test("trackUpdate() drops entries of versions that are not served", () => {
  const old = {
    manager: "m",
    operation: "Update",
    apiVersion: "network.coracle.dev/v1alpha0",
    fieldsType: "FieldsV1",
    fieldsV1: { "f:spec": {} },
  };
  const stored = { ...subnet({ vni: 1 }), metadata: { name: "a", uid: "u", managedFields: [old] } };
  const updated = trackUpdate(stored, { ...stored, spec: { vni: 2 } }, tracking());
  assert.deepEqual(
    managersOf(updated).map((entry) => entry["apiVersion"]),
    ["network.coracle.dev/v1alpha1"],
  );
});

test("trackUpdate() owns an atomic list, an atomic map and any JSON as the schema says", () => {
  const created = trackUpdate(
    undefined,
    subnet({ atomic: [{ a: 1 }], selector: { app: "x" }, any: { deep: { x: [1] } } }),
    tracking(),
  );
  assert.deepEqual(managersOf(created)[0]?.["fieldsV1"], {
    "f:spec": {
      ".": {},
      "f:any": { ".": {}, "f:deep": { ".": {}, "f:x": {} } },
      "f:atomic": {},
      "f:selector": {},
    },
  });
});

test("trackUpdate() compares items of lists by key, defaults included", () => {
  const schema = subnetSchema({
    type: "array",
    listType: "map",
    listMapKeys: ["port", "protocol"],
    items: { type: "object", properties: { port: { type: "integer" }, protocol: { type: "string", default: "TCP" } } },
  });
  const created = trackUpdate(undefined, subnet({ list: [{ port: 53 }, { port: 53, protocol: "UDP" }] }), {
    ...tracking(),
    schema,
  });
  assert.deepEqual(managersOf(created)[0]?.["fieldsV1"], {
    "f:spec": {
      ".": {},
      "f:list": {
        ".": {},
        'k:{"port":53,"protocol":"TCP"}': { ".": {}, "f:port": {} },
        'k:{"port":53,"protocol":"UDP"}': { ".": {}, "f:port": {}, "f:protocol": {} },
      },
    },
  });
});

test("ignoreTimestampOnlyChange() takes a newer time alone for no change", () => {
  const live = trackUpdate(undefined, subnet({ vni: 1 }), tracking());
  const later = trackUpdate(undefined, subnet({ vni: 1 }), tracking({ nowRfc3339: "2027-01-01T00:00:00Z" }));
  const other = trackUpdate(undefined, subnet({ vni: 1 }), tracking({ manager: "other" }));
  assert.equal(ignoreTimestampOnlyChange(live, later), live);
  assert.equal(ignoreTimestampOnlyChange(live, other), other);
  const changed = { ...later, spec: { vni: 2 } };
  assert.equal(ignoreTimestampOnlyChange(live, changed), changed);
});

test("managerNameOf() falls back to the first token of the User-Agent", () => {
  assert.equal(managerNameOf("given", "kubectl/v1"), "given");
  assert.equal(managerNameOf("", "kubectl/v1.34 (linux)"), "kubectl");
  assert.equal(managerNameOf("", "a\u0000b\tc/1"), "abc");
  assert.equal(managerNameOf("", `${"é".repeat(100)}/1`), "é".repeat(64));
  assert.equal(managerNameOf("", undefined), "");
});

function metadataOf(object: JsonObject): JsonObject {
  const { metadata } = object;
  return isJsonObject(metadata) ? metadata : {};
}

function labelsOf(object: JsonObject): JsonObject {
  const { spec } = object;
  const labels = isJsonObject(spec) ? spec["labels"] : {};
  return isJsonObject(labels) ? labels : {};
}

function asStored(object: JsonObject): JsonObject {
  return { ...object, metadata: { ...metadataOf(object), uid: "u" } };
}
