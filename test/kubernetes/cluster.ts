// What the tests on a real kube-apiserver share: a server with a client for the length of one test, and small objects.
import type { GroupVersionResource, KubeObject } from "@coracle/kube";
import { createKubeClient, type KubeClient, type KubeClientOptions, loadKubeconfig } from "@coracle/kube/io";
import { type KubeApiserver, type KubeApiserverOptions, startKubeApiserver } from "../peers/kubernetes/mod.ts";

/** ConfigMaps. */
export const CONFIG_MAPS: GroupVersionResource = { group: "", version: "v1", resource: "configmaps" };

/** Pods. */
export const PODS: GroupVersionResource = { group: "", version: "v1", resource: "pods" };

/** A running server and its administrator's client. */
export interface Cluster {
  readonly server: KubeApiserver;
  readonly client: KubeClient;
}

/** Runs `body` with a server of its own; both are gone when it returns, however it returns. */
export async function withCluster(
  options: KubeApiserverOptions,
  body: (cluster: Cluster) => Promise<void>,
): Promise<void> {
  const server = await startKubeApiserver(options);
  let client: KubeClient | undefined;
  try {
    client = await clientOf(server);
    await body({ server, client });
  } finally {
    client?.close();
    await server.stop();
  }
}

/** A client with the administrator's kubeconfig. */
export async function clientOf(server: KubeApiserver, options: KubeClientOptions = {}): Promise<KubeClient> {
  return createKubeClient(await loadKubeconfig({ path: server.kubeconfigPath }), options);
}

/** A ConfigMap with one value, of which the beginning is a label too. */
export function configMap(name: string, value: string, namespace: string = "default"): KubeObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace, labels: { value: value.slice(0, 20) } },
    data: { value },
  };
}
