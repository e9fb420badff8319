// Discovery documents of the old form: /api, /apis, /apis/<g>, /apis/<g>/<v> (Kubernetes meta/v1 APIGroup, APIResourceList).
import type { JsonObject, ResourceDefinition } from "@coracle/api";
import { apiVersionText, groupVersions, versionsByGroup } from "./group-versions.ts";
import type { GroupVersion } from "./group-versions.ts";

/** /api: APIVersions. `serverAddress` is host and port as clients reach them. */
export function apiVersions(serverAddress: string): JsonObject {
  return {
    kind: "APIVersions",
    versions: ["v1"],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress }],
  };
}

/** /apis: APIGroupList of all groups but the core one, in order of first appearance. */
export function apiGroupList(resources: readonly ResourceDefinition[]): JsonObject {
  const groups = [...versionsByGroup(resources)].filter(([name]) => name !== "");
  return {
    kind: "APIGroupList",
    apiVersion: "v1",
    groups: groups.map(([name, versions]) => groupMembers(name, versions)),
  };
}

/** /apis/<group>: APIGroup, or undefined when no resource is in the group. */
export function apiGroup(resources: readonly ResourceDefinition[], group: string): JsonObject | undefined {
  const versions = versionsByGroup(resources).get(group);
  if (versions === undefined || group === "") return undefined;
  return { kind: "APIGroup", apiVersion: "v1", ...groupMembers(group, versions) };
}

function groupMembers(name: string, versions: readonly GroupVersion[]): JsonObject {
  const entries = versions.map(({ group, version }) => ({ groupVersion: apiVersionText(group, version), version }));
  return { name, versions: entries, preferredVersion: entries[0] };
}

/** Makes a storage version hash of `GROUP/VERSION/KIND`: base64 of the first eight bytes of its SHA-256. */
export type StorageVersionHash = (groupVersionKind: string) => string;

/** /api/v1 or /apis/<g>/<v>: APIResourceList, or undefined when nothing is served there. */
export function apiResourceList(
  resources: readonly ResourceDefinition[],
  of: { readonly group: string; readonly version: string; readonly storageVersionHash?: StorageVersionHash },
): JsonObject | undefined {
  const found = groupVersions(resources).find(({ group, version }) => group === of.group && version === of.version);
  if (found === undefined) return undefined;
  return {
    kind: "APIResourceList",
    // kube-apiserver leaves apiVersion out of the core group's list, and clients do not need it there.
    ...(of.group === "" ? {} : { apiVersion: "v1" }),
    groupVersion: apiVersionText(of.group, of.version),
    resources: found.resources.flatMap((resource) => resourceEntries(resource, of.storageVersionHash)),
  };
}

function resourceEntries(resource: ResourceDefinition, hash: StorageVersionHash | undefined): readonly JsonObject[] {
  const { group, version, kind, plural, namespaced } = resource;
  const isStored = resource.verbs.includes("list");
  const main = {
    name: plural,
    singularName: resource.singular,
    namespaced,
    kind,
    verbs: resource.verbs,
    ...(resource.shortNames.length === 0 ? {} : { shortNames: resource.shortNames }),
    ...(resource.categories.length === 0 ? {} : { categories: resource.categories }),
    ...(hash === undefined || !isStored ? {} : { storageVersionHash: hash(`${group}/${version}/${kind}`) }),
  };
  const status = {
    name: `${plural}/status`,
    singularName: "",
    namespaced,
    kind,
    verbs: ["get", "patch", "update"],
  };
  const others = resource.subresources.others.map((other) => ({
    name: `${plural}/${other.name}`,
    singularName: "",
    namespaced,
    ...(other.group === group && other.version === version ? {} : { group: other.group, version: other.version }),
    kind: other.kind,
    verbs: other.verbs,
  }));
  const subresources = resource.subresources.status ? [...others, status] : others;
  return [main, ...subresources.toSorted((a, b) => (a.name < b.name ? -1 : 1))];
}
