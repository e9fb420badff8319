// Structural schema as data (Kubernetes apiextensions/v1 JSONSchemaProps and the x-kubernetes-* extensions of OpenAPI v3).
import type { JsonValue } from "./json.ts";

/** The JSON types a schema node may name. */
export type SchemaType = "object" | "array" | "string" | "integer" | "number" | "boolean";

/**
 * One node of a structural schema. `type` is absent only with `intOrString` or with `preserveUnknownFields` ("any JSON").
 * Names follow OpenAPI; the `x-kubernetes-` prefix of extensions is dropped, and their names are in camel case.
 */
export interface StructuralSchema {
  readonly type?: SchemaType;
  readonly description?: string;
  readonly format?: string;
  readonly default?: JsonValue;
  /** An explicit null is kept. Otherwise null counts as "not given". */
  readonly nullable?: boolean;
  readonly enum?: readonly JsonValue[];

  readonly minimum?: number;
  readonly maximum?: number;
  readonly multipleOf?: number;

  /** Lengths in Unicode code points. */
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;

  readonly properties?: { readonly [name: string]: StructuralSchema };
  readonly required?: readonly string[];
  /** Schema of the values of a map. Excludes `properties`. */
  readonly additionalProperties?: StructuralSchema;
  readonly minProperties?: number;
  readonly maxProperties?: number;

  readonly items?: StructuralSchema;
  readonly minItems?: number;
  readonly maxItems?: number;

  /** x-kubernetes-int-or-string: a number or a text, for example a port. */
  readonly intOrString?: true;
  /** x-kubernetes-preserve-unknown-fields: fields without a schema are kept. */
  readonly preserveUnknownFields?: true;
  /** x-kubernetes-embedded-resource: the value is itself an API object. */
  readonly embeddedResource?: true;

  /** x-kubernetes-list-type; absent means atomic for server-side apply. */
  readonly listType?: "atomic" | "set" | "map";
  /** x-kubernetes-list-map-keys, with `listType: "map"`. */
  readonly listMapKeys?: readonly string[];
  /** x-kubernetes-map-type; absent means granular. */
  readonly mapType?: "atomic" | "granular";

  /** x-kubernetes-patch-strategy: how strategic merge patch treats the field (core kinds only). */
  readonly patchStrategy?: "merge" | "replace" | "retainKeys" | "merge,retainKeys";
  /** x-kubernetes-patch-merge-key, for lists with `patchStrategy: "merge"`. */
  readonly patchMergeKey?: string;

  /** Name under `components.schemas`, for example `io.k8s.api.core.v1.PodSpec`; a named node is published once and referred to. */
  readonly definitionName?: string;
}
