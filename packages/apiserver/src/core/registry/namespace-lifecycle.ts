// Admission that keeps objects out of namespaces that are missing or on their way out (admission plugin NamespaceLifecycle).
import { NAMESPACE, type ResourceDefinition } from "@coracle/api";
import { forbiddenStatus, type GroupResource, notFoundStatus, StatusError } from "@coracle/kube";
import type { CacheDirectory, NamespaceDirectory } from "./environment.ts";
import { objectKey } from "./resource-key.ts";

const NAMESPACES: GroupResource = { group: "", resource: "namespaces" };
const IMMORTAL: ReadonlySet<string> = new Set(["default", "kube-system", "kube-public"]);

/** The namespaces this server stores itself. */
export function localNamespaces(caches: () => CacheDirectory): NamespaceDirectory {
  return {
    stateOf: (name) => {
      const found = caches()
        .find("", "namespaces")
        ?.get(objectKey(NAMESPACE, "", name));
      if (found === undefined) return "missing";
      return found.metadata.deletionTimestamp === undefined ? "active" : "terminating";
    },
  };
}

/** Refuses a create in a namespace that does not exist (404) or is being deleted (403). */
export async function checkNamespaceForCreate(
  namespaces: NamespaceDirectory,
  definition: ResourceDefinition,
  target: { readonly namespace: string; readonly name: string },
): Promise<void> {
  const { namespace, name } = target;
  if (!definition.namespaced) return;
  const answer = namespaces.stateOf(namespace);
  const state = answer instanceof Promise ? await answer : answer;
  if (state === "missing") throw new StatusError(notFoundStatus(NAMESPACES, namespace));
  if (state === "active") return;
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
