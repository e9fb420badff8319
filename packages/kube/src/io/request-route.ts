// The name of a request in metrics: its path with names replaced, so that metrics do not grow with the cluster.
import { type GroupVersionResource, resourcePath, type ResourceTarget } from "../mod.ts";

/** `/api/v1/namespaces/-/pods/-` for any pod of any namespace. */
export function requestRoute(resource: GroupVersionResource, target: ResourceTarget): string {
  const namespace = target.namespace === undefined || target.namespace === "" ? {} : { namespace: "-" };
  const name = target.name === undefined || target.name === "" ? {} : { name: "-" };
  const subresource = target.subresource === undefined ? {} : { subresource: target.subresource };
  return resourcePath(resource, { ...namespace, ...name, ...subresource });
}
