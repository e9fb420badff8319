// Naming resources and building their URL paths (Kubernetes API concepts: resource URIs).
import { assert } from "@coracle/base";

/** A group and a resource; the core group is "". */
export interface GroupResource {
  readonly group: string;
  /** Plural, lower case: "pods". */
  readonly resource: string;
}

/** A resource as a URL names it; the core group is "". */
export interface GroupVersionResource extends GroupResource {
  readonly version: string;
}

/** A group and a kind; the core group is "". */
export interface GroupKind {
  readonly group: string;
  /** Singular, upper camel case: "Pod". */
  readonly kind: string;
}

/** A kind as an object names it in `apiVersion` and `kind`. */
export interface GroupVersionKind extends GroupKind {
  readonly version: string;
}

/** Which object or collection a path names. Without `name` it is the collection. */
export interface ResourceTarget {
  /** Absent or "" for cluster-scoped objects and for collections over all namespaces. */
  readonly namespace?: string;
  readonly name?: string;
  /** "status", "scale", "token"; may hold further segments. Needs `name`. */
  readonly subresource?: string;
}

/** `group/version`, or the version alone in the core group: the value of `apiVersion`. */
export function formatApiVersion(groupVersion: { readonly group: string; readonly version: string }): string {
  return groupVersion.group === "" ? groupVersion.version : `${groupVersion.group}/${groupVersion.version}`;
}

/** The inverse of {@link formatApiVersion}; more than one slash gives `undefined`, as apimachinery's ParseGroupVersion. */
export function parseApiVersion(apiVersion: string): { readonly group: string; readonly version: string } | undefined {
  const parts = apiVersion.split("/");
  if (parts.length === 1) return { group: "", version: apiVersion };
  const [group, version] = parts;
  if (parts.length !== 2 || group === undefined || version === undefined) return undefined;
  return { group, version };
}

/** "pods" or "subnets.network.coracle.dev": how error texts and CRD names write a resource. */
export function formatGroupResource(resource: GroupResource): string {
  return resource.group === "" ? resource.resource : `${resource.resource}.${resource.group}`;
}

/** "Pod" or "Subnet.network.coracle.dev". */
export function formatGroupKind(kind: GroupKind): string {
  return kind.group === "" ? kind.kind : `${kind.kind}.${kind.group}`;
}

/**
 * The URL path of a resource, beginning with `/api/v1` for the core group and `/apis/<group>/<version>` for others.
 * Every segment is percent-encoded, so no name can step out of its place.
 */
export function resourcePath(resource: GroupVersionResource, target: ResourceTarget = {}): string {
  const { namespace = "", name = "", subresource = "" } = target;
  assert(
    subresource === "" || name !== "",
    `Cannot build a path as a subresource needs a name: current value is "${subresource}"`,
  );
  const segments = resource.group === "" ? ["api", resource.version] : ["apis", resource.group, resource.version];
  if (namespace !== "") segments.push("namespaces", namespace);
  segments.push(resource.resource);
  if (name !== "") segments.push(name);
  if (subresource !== "") segments.push(...subresource.split("/"));
  return `/${segments.map(encodeSegment).join("/")}`;
}

/** "." and ".." survive percent-encoding and would be resolved away by URL parsers, so they are refused. */
function encodeSegment(segment: string): string {
  assert(
    segment !== "" && segment !== "." && segment !== "..",
    `Cannot build a path as a segment is empty or relative: current value is "${segment}"`,
  );
  return encodeURIComponent(segment);
}
