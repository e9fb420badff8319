// The rules around a write that the three kinds of the group share; each kind adds its own content and stamps.
import { valueAt } from "../field-path.ts";
import { type FieldError, forbidden } from "../field-error.ts";
import { jsonEqual } from "../json.ts";
import { finalizerWarnings, validateMetadata, validateMetadataUpdate } from "../metadata-rules.ts";
import { checkDnsSubdomain, type NameCheck } from "../names.ts";
import type { ApiObject } from "../object-meta.ts";
import type { ResourceStrategy } from "../resource-definition.ts";
import { dropEmptyMetadata } from "../normalise.ts";
import { applySchemaDefaults } from "../schema-default.ts";
import { validateSchema } from "../schema-validate.ts";
import type { StructuralSchema } from "../structural-schema.ts";
import { stampChanges, type StampedSection, stampSection, withoutStamps, withStampsOf } from "./stamp.ts";

/** What one kind adds. */
export interface NetworkStrategyOptions {
  /** Called when first needed: making the schema takes longer than a short command should wait. */
  readonly schemaOf: () => StructuralSchema;
  readonly checkName?: NameCheck;
  /** Content of metadata and spec that the schema cannot say; called only with an object that fits the schema. */
  readonly validateContent: (object: ApiObject) => readonly FieldError[];
  /** The same for the status. */
  readonly validateStatus: (object: ApiObject) => readonly FieldError[];
  /** Dotted paths of spec fields that cannot change. */
  readonly immutable: readonly string[];
  /** Sections stamped by updates of the main resource. Stamping also raises the generation. */
  readonly specSections: readonly StampedSection[];
  /** Sections stamped by updates of the status. */
  readonly statusSections: readonly StampedSection[];
}

/** The strategy of a kind: server-owned stamps, status apart from spec, immutable fields. */
export function networkStrategy(options: NetworkStrategyOptions): ResourceStrategy {
  const { schemaOf, checkName = checkDnsSubdomain } = options;
  const validateBody = (object: ApiObject): FieldError[] => {
    const errors = validateSchema(schemaOf(), object, "");
    if (errors.length > 0) return errors;
    return [...options.validateContent(object), ...options.validateStatus(object)];
  };
  return {
    setDefaults: (object) => applySchemaDefaults(schemaOf(), dropEmptyMetadata(object)) as ApiObject,
    prepareForCreate: (object, { nowMicroTime }) => {
      const { status: _, ...rest } = withoutStamps(object);
      const first = { ...rest, metadata: { ...object.metadata, generation: 1 } } as ApiObject;
      return stampSection(first, "spec", nowMicroTime);
    },
    prepareForUpdate: (object, old, { nowMicroTime }) => {
      const kept = withStatusOf(withStampsOf(object, old), old);
      const generation = (old.metadata.generation ?? 1) + (jsonEqual(object["spec"], old["spec"]) ? 0 : 1);
      const counted = { ...kept, metadata: { ...kept.metadata, generation } };
      return stampChanges(counted, old, options.specSections, nowMicroTime);
    },
    prepareForStatusUpdate: (object, old, { nowMicroTime }) => {
      const { resourceVersion, managedFields } = object.metadata;
      const metadata = {
        ...old.metadata,
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
        ...(managedFields === undefined ? {} : { managedFields }),
      };
      const next = withStatusOf({ ...old, metadata }, object);
      return stampChanges(next, old, options.statusSections, nowMicroTime);
    },
    validate: (object) => [
      ...validateMetadata(object.metadata, { namespaced: true, checkName }),
      ...validateBody(object),
    ],
    validateUpdate: (object, old) => {
      const errors = [...validateMetadataUpdate(object.metadata, old.metadata), ...validateBody(object)];
      const changed = options.immutable.filter((path) => !jsonEqual(valueAt(object, path), valueAt(old, path)));
      const isReported = (path: string): boolean => errors.some((error) => error.field === path);
      const fixed = changed.filter((path) => !isReported(path)).map((path) => forbidden(path, "field is immutable"));
      return [...errors, ...fixed];
    },
    validateStatusUpdate: (object, old) => [
      ...validateMetadataUpdate(object.metadata, old.metadata),
      ...validateBody(object),
    ],
    warnings: (object, old) => finalizerWarnings(object.metadata, old?.metadata),
    graceSeconds: () => 0,
  };
}

function withStatusOf(object: ApiObject, source: ApiObject): ApiObject {
  const { status: _, ...rest } = object;
  return (source["status"] === undefined ? rest : { ...rest, status: source["status"] }) as ApiObject;
}
