// IPLock as a served kind: the name is checked to be a lock, and nothing in it can change.
import { ageColumn, fieldColumn, nameColumn } from "../columns.ts";
import { valueAt } from "../field-path.ts";
import { invalid } from "../field-error.ts";
import { checkDnsSubdomain } from "../names.ts";
import type { ApiObject } from "../object-meta.ts";
import type { ColumnDefinition, ResourceDefinition } from "../resource-definition.ts";
import { ipLockSchema, parseLockName } from "./ip-lock-schema.ts";
import { networkDefinition } from "./network-definition.ts";

const OWNER_COLUMN: ColumnDefinition = {
  name: "Owner",
  type: "string",
  format: "",
  priority: 0,
  description: "NetworkAttachment that has the address.",
  cell: (object) => object.metadata.ownerReferences?.[0]?.name ?? null,
};

/** Everything the API server needs to serve IPLocks. */
export const IP_LOCK: ResourceDefinition = networkDefinition({
  kind: "IPLock",
  plural: "iplocks",
  singular: "iplock",
  shortNames: ["ipl"],
  hasStatus: false,
  parser: ipLockSchema,
  columns: [
    nameColumn(),
    fieldColumn({ name: "Subnet", path: "spec.subnetName", description: "Subnet the address was taken from." }),
    OWNER_COLUMN,
    ageColumn(),
  ],
  selectableFields: {},
  strategy: {
    validateContent: (object) => [...checkLockName(object), ...checkSubnetName(object)],
    validateStatus: () => [],
    immutable: ["spec.subnetName"],
    specSections: [],
    statusSections: [],
  },
});

function checkLockName(object: ApiObject): ReturnType<typeof invalid>[] {
  const { name = "" } = object.metadata;
  if (name === "" || parseLockName(name) !== undefined) return [];
  return [
    invalid(
      "metadata.name",
      name,
      "must be v1-<vni>-<a>-<b>-<c>-<d>: a VNI from 1 to 2097151 and the four parts of an address",
    ),
  ];
}

function checkSubnetName(object: ApiObject): ReturnType<typeof invalid>[] {
  const name = valueAt(object, "spec.subnetName");
  if (typeof name !== "string" || name === "") return [];
  return checkDnsSubdomain(name).map((text) => invalid("spec.subnetName", name, text));
}
