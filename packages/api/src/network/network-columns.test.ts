// Columns, field selectors, names and switches of Subnet, NetworkAttachment and IPLock.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ApiObject, IP_LOCK, NETWORK_ATTACHMENT, type ResourceDefinition, SUBNET } from "../mod.ts";

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

function withStatus(object: ApiObject, status: Record<string, unknown>): ApiObject {
  return { ...object, status };
}

test("columns show what an operator asks for", () => {
  const nowMs = 1_767_323_057_000;
  const metadata = { name: "cart-7", namespace: "blue", creationTimestamp: "2026-01-02T03:04:05Z" };
  const ready = {
    ...attachment(),
    metadata,
    spec: { node: "a", subnet: "blue" },
    status: {
      ipv4: "10.1.0.2",
      ifcName: "eth-7f31c0",
      macAddress: "02:00:0a:01:00:02",
      hostIP: "10.90.0.1",
      conditions: [
        { type: "Other", status: "False" },
        { type: "Ready", status: "True" },
      ],
    },
  };
  const cells = (object: ApiObject, definition: ResourceDefinition): unknown[] =>
    definition.columns.map((column) => [column.name, column.cell(object, nowMs), column.priority]);
  assert.deepEqual(cells(ready, NETWORK_ATTACHMENT), [
    ["Name", "cart-7", 0],
    ["Subnet", "blue", 0],
    ["Node", "a", 0],
    ["Address", "10.1.0.2", 0],
    ["Interface", "eth-7f31c0", 0],
    ["Ready", "True", 0],
    ["Age", "12s", 0],
    ["MAC", "02:00:0a:01:00:02", 1],
    ["Host IP", "10.90.0.1", 1],
  ]);
  const waiting = withStatus(ready, {
    conditions: [{ type: "AddressAssigned", status: "False", reason: "SubnetFull" }],
  });
  const readyOf = (object: ApiObject): unknown => NETWORK_ATTACHMENT.columns[5]?.cell(object, nowMs);
  assert.equal(readyOf(waiting), "False", "without an address there will be no interface");
  assert.equal(readyOf(withStatus(ready, { conditions: [{ type: "AddressAssigned", status: "True" }] })), null);
  const fresh = { ...attachment(), metadata };
  assert.deepEqual(NETWORK_ATTACHMENT.columns.map((column) => column.cell(fresh, nowMs)).slice(3, 6), [
    null,
    null,
    null,
  ]);
  assert.deepEqual(
    SUBNET.columns.map((column) => column.cell({ ...subnet({ ipv4: "10.0.0.0/24", vni: 5 }), metadata }, nowMs)),
    ["cart-7", 5, "10.0.0.0/24", null, "12s", null],
  );
  const owned = {
    ...lock("v1-7-10-0-0-5"),
    metadata: { ...metadata, ownerReferences: [{ apiVersion: "", kind: "", name: "na", uid: "" }] },
  };
  assert.deepEqual(
    IP_LOCK.columns.map((column) => column.cell(owned, nowMs)),
    ["cart-7", "sn", "na", "12s"],
  );
});

test("field selectors see texts, and the VNI of an address that is not there as 0", () => {
  const select = (object: ApiObject, definition: ResourceDefinition): Record<string, string> =>
    Object.fromEntries(Object.entries(definition.selectableFields).map(([path, read]) => [path, read(object)]));
  assert.deepEqual(select(subnet({ ipv4: "10.0.0.0/24", vni: 5 }), SUBNET), { "spec.vni": "5" });
  assert.deepEqual(select(attachment(), NETWORK_ATTACHMENT), {
    "spec.node": "a",
    "spec.subnet": "sn",
    "status.ipv4": "",
    "status.hostIP": "",
    "status.addressVNI": "0",
  });
  assert.equal(
    NETWORK_ATTACHMENT.selectableFields["status.addressVNI"]?.(withStatus(attachment(), { addressVNI: 7 })),
    "7",
  );
});

test("names, categories and switches of the three kinds", () => {
  for (const [definition, names] of [
    [SUBNET, ["subnets", "subnet", "sn"]],
    [NETWORK_ATTACHMENT, ["networkattachments", "networkattachment", "na", "nda"]],
    [IP_LOCK, ["iplocks", "iplock", "ipl"]],
  ] as const) {
    assert.deepEqual([definition.plural, definition.singular, ...definition.shortNames], names);
    assert.deepEqual(definition.categories, ["all", "coracle"]);
    assert.equal(definition.namespaced, true);
    assert.equal(definition.allowUnconditionalUpdate || definition.allowCreateOnUpdate, false);
    assert.equal(definition.allowUnconditionalStatusUpdate, definition.subresources.status);
  }
  assert.equal(IP_LOCK.subresources.status, false);
});
