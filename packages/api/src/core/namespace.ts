// Namespace and Node as served kinds.
import { type FieldError, invalid } from "../field-error.ts";
import { textAt, valueAt } from "../field-path.ts";
import type { JsonObject } from "../json.ts";
import { checkDnsLabel, checkQualifiedName } from "../names.ts";
import type { ApiObject } from "../object-meta.ts";
import {
  ALL_VERBS,
  coreAgeColumn,
  coreColumn,
  coreDefinition,
  coreNameColumn,
  withFieldOf,
} from "./core-definition.ts";
import { type AddressPair, withAddressPair } from "./address-pairs.ts";
import { coreSchema } from "./core-schema.ts";
import { conditionStatus, objectAt, objectsAt, textsAt, withDefaults } from "./members.ts";
import { validateNode } from "./node-rules.ts";
import type { ResourceDefinition } from "../resource-definition.ts";

const NAME_LABEL = "kubernetes.io/metadata.name";

/** Namespace. Its end is the server's work: `status.phase` Terminating, then `spec.finalizers` empty, then gone. */
export const NAMESPACE: ResourceDefinition = coreDefinition({
  kind: "Namespace",
  plural: "namespaces",
  shortNames: ["ns"],
  namespaced: false,
  verbs: ALL_VERBS.filter((verb) => verb !== "deletecollection"),
  hasStatus: true,
  subresources: [
    {
      name: "finalize",
      group: "",
      version: "v1",
      kind: "Namespace",
      verbs: ["update"],
      get schema() {
        return coreSchema("io.k8s.api.core.v1.Namespace");
      },
    },
  ],
  schemaName: "io.k8s.api.core.v1.Namespace",
  columns: [
    coreNameColumn(),
    coreColumn("Status", "Whether the namespace is being deleted.", (object) => textAt(object, "status.phase")),
    coreAgeColumn(),
  ],
  selectableFields: { "status.phase": (object) => textAt(object, "status.phase") },
  rules: {
    checkName: checkDnsLabel,
    setDefaults: (object) => {
      const { name = "" } = object.metadata;
      if (name === "" || object.metadata.labels?.[NAME_LABEL] === name) return object;
      return { ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, [NAME_LABEL]: name } } };
    },
    prepareForCreate: (object) => {
      const finalizers = textsAt(object, "spec.finalizers");
      const all = finalizers.includes("kubernetes") ? finalizers : [...finalizers, "kubernetes"];
      return { ...object, spec: { ...objectAt(object, "spec"), finalizers: all }, status: { phase: "Active" } };
    },
    prepareForUpdate: (object, old) => withFieldOf(object, old, "spec"),
    validate: validateFinalizerNames,
  },
});

/** Node. */
export const NODE: ResourceDefinition = coreDefinition({
  kind: "Node",
  plural: "nodes",
  shortNames: ["no"],
  namespaced: false,
  hasStatus: true,
  schemaName: "io.k8s.api.core.v1.Node",
  columns: [
    coreNameColumn(),
    coreColumn("Status", "Readiness of the node.", nodeStatus),
    coreColumn("Roles", "Roles from labels.", nodeRoles),
    coreAgeColumn(),
    coreColumn("Version", "Version of the kubelet.", (object) => textAt(object, "status.nodeInfo.kubeletVersion")),
    coreColumn("Internal-IP", "Address inside the cluster.", (object) => nodeAddress(object, "InternalIP"), {
      wide: true,
    }),
    coreColumn("External-IP", "Address outside the cluster.", (object) => nodeAddress(object, "ExternalIP"), {
      wide: true,
    }),
    coreColumn("OS-Image", "Operating system.", (object) => nodeInfo(object, "osImage"), { wide: true }),
    coreColumn("Kernel-Version", "Kernel and architecture.", kernelVersion, { wide: true }),
    coreColumn("Container-Runtime", "Container runtime.", (object) => nodeInfo(object, "containerRuntimeVersion"), {
      wide: true,
    }),
  ],
  selectableFields: { "spec.unschedulable": (object) => String(valueAt(object, "spec.unschedulable") === true) },
  rules: {
    setDefaults: (object) => {
      const status = withDefaults(objectAt(object, "status"), {
        ...(valueAt(object, "status.capacity") === undefined
          ? {}
          : { allocatable: valueAt(object, "status.capacity") }),
        daemonEndpoints: { kubeletEndpoint: { Port: 0 } },
      });
      const nodeInfo = withDefaults(objectAt(status, "nodeInfo"), NO_NODE_INFO);
      const spec = withAddressPair(objectAt(object, "spec"), POD_CIDRS);
      return { ...object, spec, status: { ...status, nodeInfo } };
    },
    validate: validateNode,
    // Looked at twice on updates, and reported twice, as by kube-apiserver.
    validateUpdate: validateNode,
  },
});

const NODE_INFO_FIELDS = [
  "architecture",
  "bootID",
  "containerRuntimeVersion",
  "kernelVersion",
  "kubeProxyVersion",
  "kubeletVersion",
  "machineID",
  "operatingSystem",
  "osImage",
  "systemUUID",
];

/** Ranges of a node's pods. */
const POD_CIDRS: AddressPair = { one: "podCIDR", many: "podCIDRs", item: (range) => range, address: (item) => item };

/** These texts are always written. */
const NO_NODE_INFO: JsonObject = Object.fromEntries(NODE_INFO_FIELDS.map((field) => [field, ""]));

function validateFinalizerNames(object: ApiObject): FieldError[] {
  const path = "spec.finalizers";
  return textsAt(object, path).flatMap((name) => {
    const errors = checkQualifiedName(name).map((text) => invalid(path, name, text));
    const isStandard = name === "kubernetes" || name === "orphan" || name === "foregroundDeletion";
    if (name.includes("/") || isStandard) return errors;
    return [...errors, invalid(path, name, "name is neither a standard finalizer name nor is it fully qualified")];
  });
}

function nodeStatus(object: ApiObject): string {
  const ready = conditionStatus(objectsAt(object, "status.conditions"), "Ready");
  const text = ready === undefined ? "Unknown" : ready === "True" ? "Ready" : "NotReady";
  return valueAt(object, "spec.unschedulable") === true ? `${text},SchedulingDisabled` : text;
}

function nodeRoles(object: ApiObject): string {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(object.metadata.labels ?? {})) {
    const role = key === "kubernetes.io/role" ? value : /^node-role\.kubernetes\.io\/(.+)$/.exec(key)?.[1];
    if (role !== undefined && role !== "") roles.add(role);
  }
  return roles.size === 0 ? "<none>" : [...roles].sort().join(",");
}

function nodeAddress(object: ApiObject, type: string): string {
  const address = objectsAt(object, "status.addresses").find((item) => item["type"] === type)?.["address"];
  return typeof address === "string" ? address : "<none>";
}

function nodeInfo(object: ApiObject, field: string): string {
  return textAt(object, `status.nodeInfo.${field}`) || "<unknown>";
}

function kernelVersion(object: ApiObject): string {
  const architecture = textAt(object, "status.nodeInfo.architecture");
  const kernel = nodeInfo(object, "kernelVersion");
  return architecture === "" ? kernel : `${kernel} (${architecture})`;
}
