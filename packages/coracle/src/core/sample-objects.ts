// What `up` creates on first start, so that there is something to see: two networks that must not hear of each other.
import type { GroupVersionResource, KubeObject } from "@coracle/kube";

/** An object with the resource it belongs to. */
export interface SampleObject {
  readonly resource: GroupVersionResource;
  readonly object: KubeObject;
}

const GROUP = "network.coracle.dev";
const VERSION = "v1alpha1";

/** Namespace and name of the attachment that a person is invited to create. */
export const INVITED = { namespace: "blue", name: "cart-9" } as const;

/** The samples in the order of creation, spread over the hosts. */
export function sampleObjects(hosts: readonly string[]): readonly SampleObject[] {
  const on = (index: number): string => hosts[index % hosts.length] ?? "a";
  return [
    namespace("blue"),
    namespace("red"),
    subnet("blue", "10.1.0.0/24", 4097),
    subnet("red", "10.2.0.0/24", 4098),
    attachment("blue", "cart-7", on(0)),
    attachment("blue", "cart-8", on(1)),
    attachment("blue", "db-1", on(2)),
    attachment("red", "till-1", on(1)),
    attachment("red", "till-2", on(0)),
  ];
}

/** A host as Kubernetes knows hosts, so that whoever places something finds it. Nothing here says if it is ready. */
export function hostNode({ name, hostIp }: { readonly name: string; readonly hostIp: string }): SampleObject {
  return {
    resource: { group: "", version: "v1", resource: "nodes" },
    object: {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name, labels: { "kubernetes.io/hostname": name, "network.coracle.dev/workload": "true" } },
      status: { addresses: [{ type: "InternalIP", address: hostIp }] },
    },
  };
}

/** The manifest of one more attachment, for `kubectl apply -f`; JSON is YAML. */
export function invitedManifest(host: string): string {
  return `${JSON.stringify(attachment(INVITED.namespace, INVITED.name, host).object, undefined, 2)}\n`;
}

function namespace(name: string): SampleObject {
  return {
    resource: { group: "", version: "v1", resource: "namespaces" },
    object: { apiVersion: "v1", kind: "Namespace", metadata: { name } },
  };
}

/** A subnet of the same name as its namespace. */
function subnet(name: string, ipv4: string, vni: number): SampleObject {
  return {
    resource: { group: GROUP, version: VERSION, resource: "subnets" },
    object: {
      apiVersion: `${GROUP}/${VERSION}`,
      kind: "Subnet",
      metadata: { name, namespace: name },
      spec: { ipv4, vni },
    },
  };
}

function attachment(namespace: string, name: string, node: string): SampleObject {
  return {
    resource: { group: GROUP, version: VERSION, resource: "networkattachments" },
    object: {
      apiVersion: `${GROUP}/${VERSION}`,
      kind: "NetworkAttachment",
      metadata: { name, namespace, labels: { "coracle.dev/sample": "true" } },
      spec: { node, subnet: namespace },
    },
  };
}
