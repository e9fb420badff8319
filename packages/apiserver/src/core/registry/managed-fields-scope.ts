// Which fields an endpoint resets and therefore never owns: the main one its status, the status one all the rest.
import type { ResourceDefinition } from "@coracle/api";

/** Member paths for field tracking. */
export function resetFieldsOf(definition: ResourceDefinition, subresource: string): readonly (readonly string[])[] {
  if (!definition.subresources.status) return [];
  if (subresource === "") return [["status"]];
  return [["spec"], ["metadata", "labels"], ["metadata", "annotations"], ["metadata", "finalizers"]].concat([
    ["metadata", "ownerReferences"],
  ]);
}
