// Paths and objects the script's areas share.
import type { Json, JsonObject } from "../json.ts";
import { post, step, type Step } from "./step.ts";

/** The group and version of our own kinds. */
export const NETWORK = "network.coracle.dev/v1alpha1";

/** Where our own kinds are served. */
export const NETWORK_ROOT: string = `/apis/${NETWORK}`;

/** The collection of one of our kinds in a namespace. */
export function network(namespace: string, plural: string): string {
  return `${NETWORK_ROOT}/namespaces/${namespace}/${plural}`;
}

/** The collection of a core kind in a namespace. */
export function core(namespace: string, plural: string): string {
  return `/api/v1/namespaces/${namespace}/${plural}`;
}

/** The collection of leases in a namespace. */
export function leases(namespace: string): string {
  return `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
}

/** A namespace for an area. */
export function makeNamespace(name: string): Step {
  return step("namespace", post("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } }));
}

/** A Subnet; `more` is laid over it. */
export function subnet(name: string, vni: number, ipv4: string, metadata: JsonObject = {}): JsonObject {
  return { apiVersion: NETWORK, kind: "Subnet", metadata: { name, ...metadata }, spec: { ipv4, vni } };
}

/** A NetworkAttachment. */
export function attachment(name: string, node: string, subnetName: string, metadata: JsonObject = {}): JsonObject {
  return {
    apiVersion: NETWORK,
    kind: "NetworkAttachment",
    metadata: { name, ...metadata },
    spec: { node, subnet: subnetName },
  };
}

/** An IPLock. */
export function ipLock(name: string, subnetName: string, metadata: JsonObject = {}): JsonObject {
  return { apiVersion: NETWORK, kind: "IPLock", metadata: { name, ...metadata }, spec: { subnetName } };
}

/** A ConfigMap. */
export function configMap(name: string, data: JsonObject, metadata: JsonObject = {}): JsonObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, ...metadata }, data };
}

/** A pod that needs nothing but a name, a label and a node. */
export function pod(name: string, metadata: JsonObject = {}, spec: JsonObject = {}): JsonObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, ...metadata },
    spec: { containers: [{ name: "main", image: "localhost/none:1" }], ...spec },
  };
}

/** Lays `changes` over an object, one level deep in each named field. */
export function changed(object: JsonObject, changes: JsonObject): JsonObject {
  const result: Record<string, Json> = { ...object };
  for (const [name, value] of Object.entries(changes)) {
    const old = result[name];
    const merge = isPlain(old) && isPlain(value);
    result[name] = merge ? { ...old, ...value } : value;
  }
  return result;
}

function isPlain(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
