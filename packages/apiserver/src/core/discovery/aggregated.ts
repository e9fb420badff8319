// Aggregated discovery: everything of /api or /apis in one document (apidiscovery.k8s.io/v2 APIGroupDiscoveryList).
import type { JsonObject, ResourceDefinition } from "@coracle/api";
import { versionsByGroup } from "./group-versions.ts";
import type { GroupVersion } from "./group-versions.ts";

/** Content-Type of the aggregated form. */
export const AGGREGATED_DISCOVERY_TYPE = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** APIGroupDiscoveryList of the core group (`legacy`, served at /api) or of all others (`groups`, served at /apis). */
export function aggregatedDiscovery(resources: readonly ResourceDefinition[], of: "legacy" | "groups"): JsonObject {
  const groups = [...versionsByGroup(resources)].filter(([name]) => (name === "") === (of === "legacy"));
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: "apidiscovery.k8s.io/v2",
    metadata: {},
    items: groups.map(([name, versions]) => ({
      metadata: name === "" ? {} : { name },
      versions: versions.map(versionEntry),
    })),
  };
}

function versionEntry(groupVersion: GroupVersion): JsonObject {
  return {
    version: groupVersion.version,
    resources: groupVersion.resources.map(resourceEntry),
    freshness: "Current",
  };
}

function resourceEntry(resource: ResourceDefinition): JsonObject {
  const { shortNames, categories } = resource;
  const subresources = subresourceEntries(resource);
  return {
    resource: resource.plural,
    responseKind: responseKind(resource),
    scope: resource.namespaced ? "Namespaced" : "Cluster",
    singularResource: resource.singular,
    verbs: resource.verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...(subresources.length === 0 ? {} : { subresources }),
  };
}

function subresourceEntries(resource: ResourceDefinition): readonly JsonObject[] {
  const status = { subresource: "status", responseKind: responseKind(resource), verbs: ["get", "patch", "update"] };
  const others = resource.subresources.others.map((other) => ({
    subresource: other.name,
    responseKind: { group: other.group, version: other.version, kind: other.kind },
    verbs: other.verbs,
  }));
  const all = resource.subresources.status ? [...others, status] : others;
  return all.toSorted((a, b) => (a.subresource < b.subresource ? -1 : 1));
}

// Never null: kubectl gives up on such a document. Empty group and version mean "the same as here"; only kinds that
// Kubernetes compiles in are written that way.
function responseKind(resource: ResourceDefinition): JsonObject {
  const { builtIn, group, version, kind } = resource;
  return builtIn ? { group: "", version: "", kind } : { group, version, kind };
}
