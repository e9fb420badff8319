// What `up` creates on first start, so that there is something to see: a network with three attachments on two hosts.
import type { GroupVersionResource, KubeObject } from "@coracle/kube";

/** An object with the resource it belongs to. */
export interface SampleObject {
  readonly resource: GroupVersionResource;
  readonly object: KubeObject;
}

const GROUP = "network.coracle.dev";
const VERSION = "v1alpha1";
const NAMESPACE = "blue";

/** In the order of creation. */
export const SAMPLE_OBJECTS: readonly SampleObject[] = [
  {
    resource: { group: "", version: "v1", resource: "namespaces" },
    object: { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } },
  },
  {
    resource: { group: GROUP, version: VERSION, resource: "subnets" },
    object: {
      apiVersion: `${GROUP}/${VERSION}`,
      kind: "Subnet",
      metadata: { name: "blue", namespace: NAMESPACE },
      spec: { ipv4: "10.1.0.0/24", vni: 4097 },
    },
  },
  attachment("cart-7", "a"),
  attachment("cart-8", "b"),
  attachment("db-1", "b"),
];

function attachment(name: string, node: string): SampleObject {
  return {
    resource: { group: GROUP, version: VERSION, resource: "networkattachments" },
    object: {
      apiVersion: `${GROUP}/${VERSION}`,
      kind: "NetworkAttachment",
      metadata: { name, namespace: NAMESPACE, labels: { "coracle.dev/sample": "true" } },
      spec: { node, subnet: "blue" },
    },
  };
}
