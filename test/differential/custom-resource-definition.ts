// Our kinds as CustomResourceDefinitions, so that the real kube-apiserver serves them too (apiextensions.k8s.io/v1).
import type { ColumnDefinition, ResourceDefinition, StructuralSchema } from "@coracle/api";
import type { Json, JsonObject } from "./json.ts";

/** What a CustomResourceDefinition needs besides the definition: our columns and selectors are code, its are paths. */
export interface CustomResourcePaths {
  /** JSONPath of each column but Name, by column name. */
  readonly columns: Readonly<Record<string, string>>;
  /** Dotted paths of spec fields that never change. */
  readonly immutable: readonly string[];
}

/** The manifest that makes a kube-apiserver serve `definition`. */
export function customResourceDefinition(definition: ResourceDefinition, paths: CustomResourcePaths): JsonObject {
  const { group, version, kind, listKind, plural, singular, shortNames, categories } = definition;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: definition.namespaced ? "Namespaced" : "Cluster",
      names: { kind, listKind, plural, singular, shortNames, categories },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: rootSchema(definition.schema, paths.immutable) },
          ...(definition.subresources.status ? { subresources: { status: {} } } : {}),
          selectableFields: Object.keys(definition.selectableFields).map((path) => ({ jsonPath: `.${path}` })),
          additionalPrinterColumns: definition.columns.flatMap((column) => printerColumn(definition, column, paths)),
        },
      ],
    },
  };
}

function printerColumn(
  definition: ResourceDefinition,
  column: ColumnDefinition,
  paths: CustomResourcePaths,
): JsonObject[] {
  // The name column is always there.
  if (column.format === "name") return [];
  const jsonPath = paths.columns[column.name];
  if (jsonPath === undefined)
    throw new Error(`Cannot publish ${definition.plural}: no JSONPath is known for its column ${column.name}`);
  return [
    {
      name: column.name,
      type: column.type,
      jsonPath,
      priority: column.priority,
      ...(column.description === "" ? {} : { description: column.description }),
    },
  ];
}

/** The root may say nothing about metadata, which the server itself knows. */
function rootSchema(schema: StructuralSchema, immutable: readonly string[]): Json {
  const properties: Record<string, StructuralSchema> = { ...schema.properties };
  for (const name of ["apiVersion", "kind", "metadata"]) delete properties[name];
  return schemaJson({ ...schema, properties }, "", new Set(immutable));
}

/** One node in the spelling of apiextensions. */
function schemaJson(schema: StructuralSchema, path: string, immutable: ReadonlySet<string>): JsonObject {
  const result: Record<string, Json> = {};
  for (const name of PLAIN) {
    const value = schema[name];
    if (value !== undefined) result[name] = value as Json;
  }
  for (const [name, extension] of EXTENSIONS) {
    const value = schema[name];
    if (value !== undefined) result[extension] = value as Json;
  }
  const child = (name: string): string => (path === "" ? name : `${path}.${name}`);
  if (schema.properties !== undefined) {
    result["properties"] = Object.fromEntries(
      Object.entries(schema.properties).map(([name, node]) => [name, schemaJson(node, child(name), immutable)]),
    );
  }
  if (schema.additionalProperties !== undefined)
    result["additionalProperties"] = schemaJson(schema.additionalProperties, child("*"), immutable);
  if (schema.items !== undefined) result["items"] = schemaJson(schema.items, child("[]"), immutable);
  if (immutable.has(path)) {
    result["x-kubernetes-validations"] = [
      { rule: "self == oldSelf", message: "field is immutable", reason: "FieldValueForbidden" },
    ];
  }
  return result;
}

const PLAIN = [
  "type",
  "description",
  "format",
  "default",
  "nullable",
  "enum",
  "minimum",
  "maximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "pattern",
  "required",
  "minProperties",
  "maxProperties",
  "minItems",
  "maxItems",
] as const satisfies readonly (keyof StructuralSchema)[];

const EXTENSIONS = [
  ["intOrString", "x-kubernetes-int-or-string"],
  ["preserveUnknownFields", "x-kubernetes-preserve-unknown-fields"],
  ["embeddedResource", "x-kubernetes-embedded-resource"],
  ["listType", "x-kubernetes-list-type"],
  ["listMapKeys", "x-kubernetes-list-map-keys"],
  ["mapType", "x-kubernetes-map-type"],
] as const satisfies readonly (readonly [keyof StructuralSchema, string])[];
