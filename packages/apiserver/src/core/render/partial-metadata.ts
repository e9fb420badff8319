// PartialObjectMetadata (meta/v1): an object reduced to its metadata, what the garbage collector and quota ask for.
import type { ApiObject } from "@coracle/api";

/** The metadata of an object as an object of its own. */
export function partialMetadata(object: ApiObject, version: "v1" | "v1beta1"): ApiObject {
  return { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata };
}
