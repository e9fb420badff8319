// A real Kubernetes API server (and its etcd) for tests: started on loopback, changed at will, removed without a trace.
export * from "./build.ts";
export * from "./certificates.ts";
export { kubeconfig } from "./credentials.ts";
export * from "./etcd.ts";
export * from "./https-exchange.ts";
export * from "./kube-apiserver.ts";
export type { FlagValues } from "./kube-apiserver-flags.ts";
export * from "./peer-process.ts";
export { freePorts } from "@coracle/sim";
export type { ServiceAccountIdentity } from "./service-account-token.ts";
export * from "./temporary-folder.ts";
export * from "./version.ts";
export * from "./wait.ts";
