// Fields shown, and kept, when a person names none.
import type { GroupResource } from "@coracle/kube";

/** What the `diff` form shows of an object that appeared, by resource; everything is compared. */
const SHOWN: Readonly<Record<string, readonly string[]>> = {
  pods: ["spec.nodeName", "status.podIP", "status.phase"],
  nodes: ["status.addresses[0].address", "status.nodeInfo.kubeletVersion"],
  namespaces: ["status.phase"],
  services: ["spec.type", "spec.clusterIP"],
  "subnets.network.coracle.dev": ["spec.ipv4", "spec.vni"],
  "networkattachments.network.coracle.dev": ["spec.node", "spec.subnet", "status.ipv4"],
  "iplocks.network.coracle.dev": ["spec.subnetName"],
};

/** The fields of an object worth showing beside its name. */
export function defaultShownFields(resource: GroupResource): readonly string[] {
  return SHOWN[resource.group === "" ? resource.resource : `${resource.resource}.${resource.group}`] ?? [];
}
