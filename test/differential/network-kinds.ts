// Our kinds as the real kube-apiserver serves them: their definitions with the paths a manifest wants instead of code.
import { type ResourceDefinition, NETWORK_DEFINITIONS } from "@coracle/api";
import { type CustomResourcePaths, customResourceDefinition } from "./custom-resource-definition.ts";
import type { JsonObject } from "./json.ts";

const AGE = ".metadata.creationTimestamp";

function condition(type: string, member: string): string {
  return `.status.conditions[?(@.type=="${type}")].${member}`;
}

const PATHS: Readonly<Record<string, CustomResourcePaths>> = {
  subnets: {
    columns: {
      VNI: ".spec.vni",
      CIDR: ".spec.ipv4",
      Validated: ".status.validated",
      Age: AGE,
      Message: condition("Ready", "message"),
    },
    immutable: ["spec.ipv4", "spec.vni"],
  },
  networkattachments: {
    columns: {
      Subnet: ".spec.subnet",
      Node: ".spec.node",
      Address: ".status.ipv4",
      Interface: ".status.ifcName",
      Ready: condition("Ready", "status"),
      Age: AGE,
      MAC: ".status.macAddress",
      "Host IP": ".status.hostIP",
    },
    immutable: ["spec.node", "spec.subnet", "spec.postCreateExec"],
  },
  iplocks: {
    columns: { Subnet: ".spec.subnetName", Owner: ".metadata.ownerReferences[0].name", Age: AGE },
    immutable: ["spec.subnetName"],
  },
};

/** The manifests of all kinds of `network.coracle.dev`. */
export function networkManifests(): JsonObject[] {
  return NETWORK_DEFINITIONS.map((definition: ResourceDefinition) => {
    const paths = PATHS[definition.plural];
    if (paths === undefined) throw new Error(`Cannot publish ${definition.plural}: its columns have no paths yet`);
    return customResourceDefinition(definition, paths);
  });
}
