// How Kubernetes' own kinds become served kinds: one form for their definitions and strategies.
import { formatAge } from "../age.ts";
import type { FieldError } from "../field-error.ts";
import { jsonEqual } from "../json.ts";
import { validateMetadata, validateMetadataUpdate } from "../metadata-rules.ts";
import { checkDnsSubdomain, type NameCheck } from "../names.ts";
import { dropEmpty } from "../normalise.ts";
import type { ApiObject } from "../object-meta.ts";
import type {
  CellValue,
  ColumnDefinition,
  ResourceDefinition,
  ResourceStrategy,
  ResourceVerb,
  StrategyContext,
} from "../resource-definition.ts";
import { applySchemaDefaults } from "../schema-default.ts";
import { validateTypes } from "../schema-validate.ts";
import { coreSchema } from "./core-schema.ts";

/** Verbs of an ordinary kind, in the order kube-apiserver lists them. */
export const ALL_VERBS: readonly ResourceVerb[] = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
];

/** Rules of one core kind; what is left out does nothing. */
export interface CoreRules {
  readonly checkName?: NameCheck;
  /** Defaults beyond those of the schema. */
  readonly setDefaults?: (object: ApiObject) => ApiObject;
  readonly prepareForCreate?: (object: ApiObject, context: StrategyContext) => ApiObject;
  readonly prepareForUpdate?: (object: ApiObject, old: ApiObject) => ApiObject;
  readonly prepareForStatusUpdate?: (object: ApiObject, old: ApiObject) => ApiObject;
  readonly validate?: (object: ApiObject) => readonly FieldError[];
  readonly validateUpdate?: (object: ApiObject, old: ApiObject) => readonly FieldError[];
  readonly warnings?: (object: ApiObject, old: ApiObject | undefined) => readonly string[];
  readonly graceSeconds?: (object: ApiObject, requested: number | undefined) => number;
  /** The kind has `metadata.generation`, raised when the spec changes. */
  readonly hasGeneration?: boolean;
}

/** One core kind. */
export interface CoreDefinitionOptions {
  readonly group?: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly namespaced: boolean;
  readonly verbs?: readonly ResourceVerb[];
  readonly hasStatus?: boolean;
  readonly subresources?: ResourceDefinition["subresources"]["others"];
  /** OpenAPI definition name of the kind. */
  readonly schemaName: string;
  readonly columns: readonly ColumnDefinition[];
  readonly rowConditions?: NonNullable<ResourceDefinition["rowConditions"]>;
  readonly selectableFields?: ResourceDefinition["selectableFields"];
  readonly allowUnconditionalUpdate?: boolean;
  readonly allowCreateOnUpdate?: boolean;
  readonly rules?: CoreRules;
}

/** The definition of a core kind at version v1. */
export function coreDefinition(options: CoreDefinitionOptions): ResourceDefinition {
  const hasStatus = options.hasStatus ?? false;
  return {
    group: options.group ?? "",
    version: "v1",
    kind: options.kind,
    listKind: `${options.kind}List`,
    plural: options.plural,
    singular: options.kind.toLowerCase(),
    shortNames: options.shortNames ?? [],
    categories: options.categories ?? [],
    namespaced: options.namespaced,
    verbs: options.verbs ?? ALL_VERBS,
    subresources: { status: hasStatus, others: options.subresources ?? [] },
    get schema() {
      return coreSchema(options.schemaName);
    },
    builtIn: true,
    columns: options.columns,
    ...(options.rowConditions === undefined ? {} : { rowConditions: options.rowConditions }),
    selectableFields: options.selectableFields ?? {},
    allowUnconditionalUpdate: options.allowUnconditionalUpdate ?? true,
    allowUnconditionalStatusUpdate: options.allowUnconditionalUpdate ?? true,
    allowCreateOnUpdate: options.allowCreateOnUpdate ?? false,
    strategy: coreStrategy(options),
  };
}

function coreStrategy(options: CoreDefinitionOptions): ResourceStrategy {
  const { rules = {}, namespaced, hasStatus = false } = options;
  const checkName = rules.checkName ?? checkDnsSubdomain;
  const validateBody = (object: ApiObject, metadataErrors: () => FieldError[]): FieldError[] => {
    const wrongTypes = validateTypes(coreSchema(options.schemaName), object, "");
    return wrongTypes.length > 0 ? wrongTypes : [...metadataErrors(), ...(rules.validate?.(object) ?? [])];
  };
  const generationOf = (object: ApiObject, old: ApiObject): number =>
    (old.metadata.generation ?? 1) + (jsonEqual(object["spec"], old["spec"]) ? 0 : 1);
  return {
    setDefaults: (object) => {
      const schema = coreSchema(options.schemaName);
      const filled = applySchemaDefaults(schema, dropEmpty(schema, object)) as ApiObject;
      return rules.setDefaults?.(filled) ?? filled;
    },
    prepareForCreate: (object, context) => {
      const { generation: _, ...metadata } = object.metadata;
      const counted = { ...object, metadata: rules.hasGeneration === true ? { ...metadata, generation: 1 } : metadata };
      return rules.prepareForCreate?.(counted, context) ?? counted;
    },
    prepareForUpdate: (object, old) => {
      const kept = hasStatus ? withFieldOf(object, old, "status") : object;
      const next = rules.prepareForUpdate?.(kept, old) ?? kept;
      if (rules.hasGeneration !== true) return next;
      return { ...next, metadata: { ...next.metadata, generation: generationOf(next, old) } };
    },
    prepareForStatusUpdate: (object, old) => {
      const kept = withFieldOf(object, old, "spec");
      return rules.prepareForStatusUpdate?.(kept, old) ?? kept;
    },
    validate: (object) => validateBody(object, () => validateMetadata(object.metadata, { namespaced, checkName })),
    validateUpdate: (object, old) => {
      const errors = validateBody(object, () => validateMetadataUpdate(object.metadata, old.metadata));
      return [...errors, ...(rules.validateUpdate?.(object, old) ?? [])];
    },
    validateStatusUpdate: (object, old) =>
      validateBody(object, () => validateMetadataUpdate(object.metadata, old.metadata)),
    warnings: (object, old) => rules.warnings?.(object, old) ?? [],
    graceSeconds: (object, requested) => rules.graceSeconds?.(object, requested) ?? 0,
  };
}

/** `object` with one top-level field as `source` has it. */
export function withFieldOf(object: ApiObject, source: ApiObject, field: "spec" | "status"): ApiObject {
  const { [field]: _, ...rest } = object;
  return (source[field] === undefined ? rest : { ...rest, [field]: source[field] }) as ApiObject;
}

/** A text column. `wide` columns are for `-o wide`. */
export function coreColumn(
  name: string,
  description: string,
  cell: (object: ApiObject, nowMs: number) => CellValue,
  options: { readonly wide?: boolean; readonly format?: string } = {},
): ColumnDefinition {
  return {
    name,
    type: "string",
    format: options.format ?? "",
    priority: options.wide === true ? 1 : 0,
    description,
    cell,
  };
}

/** The name column of core kinds. */
export function coreNameColumn(wide = false): ColumnDefinition {
  return coreColumn("Name", "Name of the object.", (object) => object.metadata.name ?? "", { format: "name", wide });
}

/** The age column of core kinds: a text, not a date. */
export function coreAgeColumn(): ColumnDefinition {
  return coreColumn("Age", "Time since the object was created.", (object, nowMs) =>
    formatAge(object.metadata.creationTimestamp, nowMs),
  );
}
