// The Kubernetes client with its sockets: configuration, credentials, requests, and following resources.
export * from "./client-config.ts";
export * from "./client-error.ts";
export { createKubeClient } from "./create-kube-client.ts";
export type { ApiResource } from "./discovery.ts";
export { type ExecApiVersion, type ExecClusterInfo, type ExecInteractiveMode, type ExecPlugin } from "./exec-plugin.ts";
export { ExecPluginError, type ExecPluginErrorCode } from "./exec-source.ts";
export { defaultClientConfig, inClusterConfig, type InClusterOptions } from "./in-cluster.ts";
export * from "./kube-client.ts";
export { loadKubeconfig, type KubeconfigOptions } from "./kubeconfig.ts";
export * from "./media-type.ts";
export * from "./metrics-hook.ts";
export type { PemSource } from "./pem-source.ts";
export { findResource } from "./resource-name.ts";
export { type RetryPolicy } from "./retry.ts";
export * from "./table.ts";
export type { KubeRequest, KubeTransport } from "./transport.ts";
