// Structural schemas as OpenAPI schema objects: named nodes become definitions, extensions get their prefix back.
import type { JsonObject, StructuralSchema } from "@coracle/api";
import { META_DESCRIPTIONS } from "./meta-definitions.ts";

/** The two dialects: Swagger 2.0 and OpenAPI 3.0. */
export type Dialect = "v2" | "v3";

const REFERENCE_PREFIX: { readonly [dialect in Dialect]: string } = {
  v2: "#/definitions/",
  v3: "#/components/schemas/",
};

/** A reference to a definition. */
export function reference(name: string, dialect: Dialect): JsonObject {
  return { $ref: `${REFERENCE_PREFIX[dialect]}${name}` };
}

/** Collects the definitions that schemas refer to, each converted once. */
export class DefinitionSet {
  readonly dialect: Dialect;
  readonly #definitions = new Map<string, JsonObject>();

  constructor(dialect: Dialect) {
    this.dialect = dialect;
  }

  /** Adds a named schema and all it refers to; `extensions` are members of its own. Returns a reference to it. */
  add(name: string, schema: StructuralSchema, extensions: JsonObject = {}): JsonObject {
    if (!this.#definitions.has(name)) {
      // Reserved first, so that a definition is converted once however often it is met.
      this.#definitions.set(name, {});
      this.#definitions.set(name, { ...this.#node(schema, META_DESCRIPTIONS[name] ?? {}), ...extensions });
    }
    return reference(name, this.dialect);
  }

  /** All definitions, by name in order. */
  build(): JsonObject {
    const names = [...this.#definitions.keys()].sort();
    return Object.fromEntries(names.map((name) => [name, this.#definitions.get(name)]));
  }

  /** A schema in place: a reference where it has a name, with the description of this place beside it. */
  convert(schema: StructuralSchema, description: string | undefined = schema.description): JsonObject {
    const name = schema.definitionName;
    if (name === undefined) return this.#node({ ...schema, ...(description === undefined ? {} : { description }) }, {});
    const link = this.add(name, schema);
    const beside = {
      ...(description === undefined ? {} : { description }),
      ...(schema.default === undefined ? {} : { default: schema.default }),
      ...mergeExtensions(schema),
    };
    if (Object.keys(beside).length === 0) return link;
    // OpenAPI 3.0 ignores whatever stands beside a reference.
    return this.dialect === "v3" ? { allOf: [link], ...beside } : { ...link, ...beside };
  }

  #node(schema: StructuralSchema, texts: { readonly [field: string]: string }): JsonObject {
    const description = texts[""] ?? schema.description;
    return {
      ...(description === undefined ? {} : { description }),
      ...this.#type(schema),
      ...this.#content(schema, texts),
      ...limits(schema),
      ...mergeExtensions(schema),
      ...(schema.preserveUnknownFields === true ? { "x-kubernetes-preserve-unknown-fields": true } : {}),
      ...(schema.embeddedResource === true ? { "x-kubernetes-embedded-resource": true } : {}),
    };
  }

  #type(schema: StructuralSchema): JsonObject {
    const isNamed = schema.definitionName !== undefined;
    if (schema.intOrString === true && !isNamed) return { "x-kubernetes-int-or-string": true };
    if (schema.intOrString === true) {
      const isQuantity = schema.format === "quantity";
      if (this.dialect === "v2") return { type: "string", ...(isQuantity ? {} : { format: "int-or-string" }) };
      return isQuantity
        ? { oneOf: [{ type: "string" }, { type: "number" }] }
        : { format: "int-or-string", oneOf: [{ type: "integer" }, { type: "string" }] };
    }
    return {
      ...(schema.type === undefined ? {} : { type: schema.type }),
      ...(schema.format === undefined ? {} : { format: schema.format }),
      ...(schema.nullable === true && this.dialect === "v3" ? { nullable: true } : {}),
    };
  }

  #content(schema: StructuralSchema, texts: { readonly [field: string]: string }): JsonObject {
    const { properties, items, additionalProperties } = schema;
    const members = Object.entries(properties ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      ...(properties === undefined
        ? {}
        : {
            properties: Object.fromEntries(
              members.map(([name, child]) => [name, this.convert(child, child.description ?? texts[name])]),
            ),
          }),
      ...(items === undefined ? {} : { items: this.convert(items) }),
      ...(additionalProperties === undefined ? {} : { additionalProperties: this.convert(additionalProperties) }),
    };
  }
}

const LIMITS = [
  "default",
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
] as const;

function limits(schema: StructuralSchema): JsonObject {
  return Object.fromEntries(LIMITS.map((name) => [name, schema[name]]).filter(([, value]) => value !== undefined));
}

function mergeExtensions(schema: StructuralSchema): JsonObject {
  const extensions: readonly (readonly [string, unknown])[] = [
    ["x-kubernetes-list-map-keys", schema.listMapKeys],
    ["x-kubernetes-list-type", schema.listType],
    ["x-kubernetes-map-type", schema.mapType],
    ["x-kubernetes-patch-merge-key", schema.patchMergeKey],
    ["x-kubernetes-patch-strategy", schema.patchStrategy],
  ];
  return Object.fromEntries(extensions.filter(([, value]) => value !== undefined));
}
