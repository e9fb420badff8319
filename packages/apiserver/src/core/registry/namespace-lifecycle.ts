// Admission that keeps objects out of namespaces that are missing or on their way out (admission plugin NamespaceLifecycle).
import type { ResourceDefinition } from "@coracle/api";
import { forbiddenStatus, type GroupResource, notFoundStatus, StatusError } from "@coracle/kube";
import type { CacheDirectory } from "./environment.ts";

const NAMESPACES: GroupResource = { group: "", resource: "namespaces" };
const IMMORTAL: ReadonlySet<string> = new Set(["default", "kube-system", "kube-public"]);

/** Refuses a create in a namespace that does not exist (404) or is being deleted (403). */
export function checkNamespaceForCreate(
  caches: CacheDirectory,
  definition: ResourceDefinition,
  target: { readonly namespace: string; readonly name: string },
): void {
  const { namespace, name } = target;
  if (!definition.namespaced) return;
  const found = caches.find("", "namespaces")?.get(`/registry/core/namespaces/${namespace}`);
  if (found === undefined) throw new StatusError(notFoundStatus(NAMESPACES, namespace));
  if (found.metadata.deletionTimestamp === undefined) return;
  const resource = { group: definition.group, resource: definition.plural };
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const status = forbiddenStatus(resource, name, why);
  const cause = {
    reason: "NamespaceTerminating",
    message: `namespace ${namespace} is being terminated`,
    field: "metadata.namespace",
  };
  throw new StatusError({ ...status, details: { ...status.details, causes: [cause] } });
}

/** Refuses to delete the namespaces a cluster cannot do without (403). */
export function checkNamespaceForDelete(definition: ResourceDefinition, name: string): void {
  if (definition.group === "" && definition.plural === "namespaces" && IMMORTAL.has(name)) {
    throw new StatusError(forbiddenStatus(NAMESPACES, name, "this namespace may not be deleted"));
  }
}
