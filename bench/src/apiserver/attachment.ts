// The kind that is created, listed and watched in the API server's benchmark.
import type { GroupVersionResource, KubeObject } from "@coracle/kube";

/** NetworkAttachments: served by ours natively, by kube-apiserver as a custom resource. */
export const ATTACHMENTS: GroupVersionResource = {
  group: "network.coracle.dev",
  version: "v1alpha1",
  resource: "networkattachments",
};

/** Path of the collection in the benchmark's namespace. */
export const ATTACHMENTS_PATH = "/apis/network.coracle.dev/v1alpha1/namespaces/default/networkattachments";

/** An attachment as a user creates it. */
export function attachment(name: string): KubeObject {
  return {
    apiVersion: "network.coracle.dev/v1alpha1",
    kind: "NetworkAttachment",
    metadata: { name, namespace: "default", labels: { app: "bench", shard: name.slice(-1) } },
    spec: { node: "node-1", subnet: "blue", postCreateExec: ["/bin/true"] },
  };
}
