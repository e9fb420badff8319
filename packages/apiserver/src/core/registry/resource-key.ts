// Where objects live in the store: /registry/<group>/<resource>/[<namespace>/]<name>, as kube-apiserver lays out etcd.
import type { ResourceDefinition } from "@coracle/api";

/** Everything the API server stores is below this. */
export const REGISTRY_PREFIX = "/registry/";

/** Prefix of a whole resource, or of one namespace of it; ends with a slash. The core group is written `core`. */
export function collectionPrefix(definition: ResourceDefinition, namespace = ""): string {
  const group = definition.group === "" ? "core" : definition.group;
  const resource = `${REGISTRY_PREFIX}${group}/${definition.plural}/`;
  return definition.namespaced && namespace !== "" ? `${resource}${namespace}/` : resource;
}

/** Key of one object. `namespace` is ignored for cluster-scoped kinds. */
export function objectKey(definition: ResourceDefinition, namespace: string, name: string): string {
  return collectionPrefix(definition, namespace) + name;
}
