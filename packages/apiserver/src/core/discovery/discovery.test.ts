// Discovery documents in both forms, and which form an Accept header gets.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ResourceDefinition } from "@coracle/api";
import {
  aggregatedDiscovery,
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
  etagOf,
  negotiateDiscovery,
} from "./mod.ts";

const strategy: ResourceDefinition["strategy"] = {
  setDefaults: (object) => object,
  prepareForCreate: (object) => object,
  prepareForUpdate: (object) => object,
  prepareForStatusUpdate: (object) => object,
  validate: () => [],
  validateUpdate: () => [],
  validateStatusUpdate: () => [],
  warnings: () => [],
  graceSeconds: () => 0,
};

const base: ResourceDefinition = {
  group: "network.coracle.dev",
  version: "v1alpha1",
  kind: "Subnet",
  listKind: "SubnetList",
  plural: "subnets",
  singular: "subnet",
  shortNames: ["sn"],
  categories: ["coracle"],
  namespaced: true,
  verbs: ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"],
  subresources: { status: true, others: [] },
  schema: { type: "object" },
  builtIn: false,
  columns: [],
  selectableFields: {},
  allowUnconditionalUpdate: false,
  allowUnconditionalStatusUpdate: false,
  allowCreateOnUpdate: false,
  strategy,
};

const account: ResourceDefinition = {
  ...base,
  group: "",
  version: "v1",
  kind: "ServiceAccount",
  listKind: "ServiceAccountList",
  plural: "serviceaccounts",
  singular: "serviceaccount",
  shortNames: [],
  categories: [],
  builtIn: true,
  subresources: {
    status: false,
    others: [
      {
        name: "token",
        group: "authentication.k8s.io",
        version: "v1",
        kind: "TokenRequest",
        verbs: ["create"],
        schema: {},
      },
    ],
  },
};

const lock: ResourceDefinition = {
  ...base,
  kind: "IPLock",
  plural: "iplocks",
  singular: "iplock",
  shortNames: [],
  categories: [],
};

const all = [account, base, lock];

test("apiResourceList() lists resources by name, each followed by its subresources", () => {
  const of = { group: "network.coracle.dev", version: "v1alpha1", storageVersionHash: (text: string) => `#${text}` };
  const main = { namespaced: true, verbs: base.verbs };
  const status = { singularName: "", namespaced: true, verbs: ["get", "patch", "update"] };
  assert.deepEqual(apiResourceList(all, of), {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: "network.coracle.dev/v1alpha1",
    resources: [
      {
        name: "iplocks",
        singularName: "iplock",
        ...main,
        kind: "IPLock",
        storageVersionHash: "#network.coracle.dev/v1alpha1/IPLock",
      },
      { name: "iplocks/status", kind: "IPLock", ...status },
      {
        name: "subnets",
        singularName: "subnet",
        ...main,
        kind: "Subnet",
        shortNames: ["sn"],
        categories: ["coracle"],
        storageVersionHash: "#network.coracle.dev/v1alpha1/Subnet",
      },
      { name: "subnets/status", kind: "Subnet", ...status },
    ],
  });
  assert.equal(apiResourceList(all, { group: "network.coracle.dev", version: "v2" }), undefined);
});

test("apiResourceList() names the kind of a subresource that is another one", () => {
  assert.deepEqual(apiResourceList(all, { group: "", version: "v1" }), {
    kind: "APIResourceList",
    groupVersion: "v1",
    resources: [
      {
        name: "serviceaccounts",
        singularName: "serviceaccount",
        namespaced: true,
        kind: "ServiceAccount",
        verbs: base.verbs,
      },
      {
        name: "serviceaccounts/token",
        singularName: "",
        namespaced: true,
        group: "authentication.k8s.io",
        version: "v1",
        kind: "TokenRequest",
        verbs: ["create"],
      },
    ],
  });
});

test("apiGroup() and apiGroupList() name versions and the preferred one, without the core group", () => {
  const version = { groupVersion: "network.coracle.dev/v1alpha1", version: "v1alpha1" };
  const group = { name: "network.coracle.dev", versions: [version], preferredVersion: version };
  assert.deepEqual(apiGroupList(all), { kind: "APIGroupList", apiVersion: "v1", groups: [group] });
  assert.deepEqual(apiGroup(all, "network.coracle.dev"), { kind: "APIGroup", apiVersion: "v1", ...group });
  assert.equal(apiGroup(all, ""), undefined);
  assert.equal(apiGroup(all, "other"), undefined);
  assert.deepEqual(apiVersions("127.0.0.1:6443")["versions"], ["v1"]);
});

test("aggregatedDiscovery() describes resources with response kinds that are never null", () => {
  const kind = { group: "network.coracle.dev", version: "v1alpha1", kind: "Subnet" };
  const groups = aggregatedDiscovery([base], "groups");
  assert.deepEqual(groups, {
    kind: "APIGroupDiscoveryList",
    apiVersion: "apidiscovery.k8s.io/v2",
    metadata: {},
    items: [
      {
        metadata: { name: "network.coracle.dev" },
        versions: [
          {
            version: "v1alpha1",
            resources: [
              {
                resource: "subnets",
                responseKind: kind,
                scope: "Namespaced",
                singularResource: "subnet",
                verbs: base.verbs,
                shortNames: ["sn"],
                categories: ["coracle"],
                subresources: [{ subresource: "status", responseKind: kind, verbs: ["get", "patch", "update"] }],
              },
            ],
            freshness: "Current",
          },
        ],
      },
    ],
  });
  assert.deepEqual(aggregatedDiscovery([base], "legacy")["items"], []);
  assert.match(
    JSON.stringify(aggregatedDiscovery(all, "legacy")),
    /"responseKind":\{"group":"","version":"","kind":"ServiceAccount"\}/,
  );
});

test("negotiateDiscovery() serves the aggregated form only to those who ask for v2", () => {
  const aggregated = (version: string): string =>
    `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
  assert.equal(negotiateDiscovery(`${aggregated("v2")},${aggregated("v2beta1")},application/json`), "aggregated");
  assert.equal(negotiateDiscovery(`${aggregated("v2beta1")}, application/json`), "plain");
  assert.equal(negotiateDiscovery(`application/json, ${aggregated("v2")}`), "plain");
  assert.equal(negotiateDiscovery(`application/json;q=0.8, ${aggregated("v2")};q=0.9`), "aggregated");
  assert.equal(negotiateDiscovery(undefined), "plain");
  assert.equal(negotiateDiscovery("*/*"), "plain");
});

test("etagOf() is quoted upper-case hexadecimal", () => {
  assert.equal(etagOf(Uint8Array.of(0, 171, 255)), '"00ABFF"');
});
