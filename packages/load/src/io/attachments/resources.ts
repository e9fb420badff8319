// The resources a load run touches.
import { NETWORK_GROUP, NETWORK_VERSION } from "@coracle/api";
import type { GroupVersionResource } from "@coracle/kube";

function network(resource: string): GroupVersionResource {
  return { group: NETWORK_GROUP, version: NETWORK_VERSION, resource };
}

export const ATTACHMENTS: GroupVersionResource = network("networkattachments");
export const SUBNETS: GroupVersionResource = network("subnets");
export const IP_LOCKS: GroupVersionResource = network("iplocks");
export const NAMESPACES: GroupVersionResource = { group: "", version: "v1", resource: "namespaces" };
export const NODES: GroupVersionResource = { group: "", version: "v1", resource: "nodes" };
