// How a write is tracked in managedFields, and which fields an endpoint resets and therefore never owns.
import type { ResourceDefinition } from "@coracle/api";
import { formatTime } from "@coracle/base";
import { formatApiVersion } from "@coracle/kube";
import type { FieldTracking } from "../managed-fields/mod.ts";
import type { RegistryEnvironment, WriteTarget } from "./environment.ts";

/** Tracking of one write. */
export function trackingOf(environment: RegistryEnvironment, target: WriteTarget, manager: string): FieldTracking {
  const { definition, subresource } = target;
  return {
    schema: definition.schema,
    builtIn: definition.builtIn,
    apiVersion: formatApiVersion(definition),
    subresource,
    manager,
    nowRfc3339: formatTime(environment.clock.wallMs()),
    resetFields: resetFieldsOf(definition, subresource),
  };
}

/** The main endpoint resets the status of kinds that have one; the status endpoint all the rest. */
function resetFieldsOf(definition: ResourceDefinition, subresource: string): readonly (readonly string[])[] {
  if (!definition.subresources.status) return [];
  if (subresource !== "status") return [["status"]];
  return definition.builtIn ? [["spec"]] : [["metadata"], ["spec"]];
}
