// What the three kinds of the group have in common as served kinds.
import type { z } from "zod";
import { objectMetaSchema } from "../core/core-schema.ts";
import type { ApiObject } from "../object-meta.ts";
import type { ColumnDefinition, ResourceDefinition } from "../resource-definition.ts";
import type { StructuralSchema } from "../structural-schema.ts";
import { toStructuralSchema } from "../zod-structural.ts";
import { NETWORK_GROUP, NETWORK_VERSION } from "./group.ts";
import { networkStrategy, type NetworkStrategyOptions } from "./network-strategy.ts";

/** What distinguishes one kind. */
export interface NetworkDefinitionOptions {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly hasStatus: boolean;
  readonly parser: z.ZodType;
  readonly columns: readonly ColumnDefinition[];
  readonly selectableFields: { readonly [path: string]: (object: ApiObject) => string };
  readonly strategy: Omit<NetworkStrategyOptions, "schemaOf">;
}

/** The definition of a namespaced kind of the group, with the categories `all` and `coracle`. */
export function networkDefinition(options: NetworkDefinitionOptions): ResourceDefinition {
  let schema: StructuralSchema | undefined;
  const schemaOf = (): StructuralSchema => (schema ??= publishedSchema(options.parser, options.kind));
  return {
    group: NETWORK_GROUP,
    version: NETWORK_VERSION,
    kind: options.kind,
    listKind: `${options.kind}List`,
    plural: options.plural,
    singular: options.singular,
    shortNames: options.shortNames,
    categories: ["all", "coracle"],
    namespaced: true,
    verbs: ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"],
    subresources: { status: options.hasStatus, others: [] },
    get schema() {
      return schemaOf();
    },
    builtIn: false,
    columns: options.columns,
    selectableFields: options.selectableFields,
    allowUnconditionalUpdate: false,
    allowUnconditionalStatusUpdate: options.hasStatus,
    allowCreateOnUpdate: false,
    strategy: networkStrategy({ schemaOf, ...options.strategy }),
  };
}

/** The parser's schema with Kubernetes' own metadata, and with apiVersion and kind as clients may leave them out. */
function publishedSchema(parser: z.ZodType, kind: string): StructuralSchema {
  const schema = toStructuralSchema(parser);
  return {
    ...schema,
    definitionName: `dev.coracle.network.v1alpha1.${kind}`,
    properties: {
      ...schema.properties,
      apiVersion: { type: "string", description: "Version of the schema this object follows." },
      kind: { type: "string", description: "Kind of this object." },
      metadata: { ...objectMetaSchema(), description: "Standard metadata of a Kubernetes object." },
    },
    required: ["spec"],
  };
}
