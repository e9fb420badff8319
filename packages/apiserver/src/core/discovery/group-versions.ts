// Which groups and versions a set of resource definitions makes up.
import type { ResourceDefinition } from "@coracle/api";

/** One version of one group and its resources in order of their names. */
export interface GroupVersion {
  readonly group: string;
  readonly version: string;
  readonly resources: readonly ResourceDefinition[];
}

/** `v1` or `network.coracle.dev/v1alpha1`, as apiVersion members spell it. */
export function apiVersionText(group: string, version: string): string {
  return group === "" ? version : `${group}/${version}`;
}

/** Every group version, in order of first appearance. */
export function groupVersions(resources: readonly ResourceDefinition[]): readonly GroupVersion[] {
  const found = Map.groupBy(resources, (resource) => apiVersionText(resource.group, resource.version));
  return [...found.values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    const sorted = members.toSorted((a, b) => (a.plural < b.plural ? -1 : 1));
    return [{ group: first.group, version: first.version, resources: sorted }];
  });
}

/** Versions by group name, in order of first appearance; the first version of a group is the preferred one. */
export function versionsByGroup(
  resources: readonly ResourceDefinition[],
): ReadonlyMap<string, readonly GroupVersion[]> {
  return Map.groupBy(groupVersions(resources), (groupVersion) => groupVersion.group);
}
