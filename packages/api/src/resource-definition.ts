// What the API server knows about one kind: names, schema, columns, selectors and the rules around a write.
import type { FieldError } from "./field-error.ts";
import type { ApiObject } from "./object-meta.ts";
import type { StructuralSchema } from "./structural-schema.ts";

/** Everything about one served kind. Pure data and pure functions; the server needs nothing else to serve it. */
export interface ResourceDefinition {
  /** API group; empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly listKind: string;
  /** Resource name in paths, lower case plural. */
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** Verbs in discovery order; reviews have only `create`. */
  readonly verbs: readonly ResourceVerb[];
  /** Subresources besides the object itself. `status` decides that the main endpoint ignores `status`. */
  readonly subresources: { readonly status: boolean; readonly others: readonly SubresourceDefinition[] };
  /** Schema of the whole object, metadata included. */
  readonly schema: StructuralSchema;
  /** Go-typed kinds of Kubernetes: strategic merge patch is served, unknown fields are always dropped. False for our kinds. */
  readonly builtIn: boolean;
  readonly columns: readonly ColumnDefinition[];
  /** Conditions of a Table row, for kinds that have any (finished pods). */
  readonly rowConditions?: (object: ApiObject) => readonly RowCondition[];
  /** Field selector paths besides `metadata.name` and `metadata.namespace`; an absent value reads as "". */
  readonly selectableFields: { readonly [path: string]: (object: ApiObject) => string };
  /** An update without resourceVersion on the main endpoint is accepted. */
  readonly allowUnconditionalUpdate: boolean;
  /** The same for an update of `/status`. */
  readonly allowUnconditionalStatusUpdate: boolean;
  /** A PUT of a name that does not exist creates it. */
  readonly allowCreateOnUpdate: boolean;
  readonly strategy: ResourceStrategy;
}

/** Verbs of discovery documents. */
export type ResourceVerb = "create" | "delete" | "deletecollection" | "get" | "list" | "patch" | "update" | "watch";

/** A subresource with a kind of its own, for example `serviceaccounts/token`. */
export interface SubresourceDefinition {
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: readonly ResourceVerb[];
  readonly schema: StructuralSchema;
}

/** A condition of a Table row (meta/v1 TableRowCondition); kubectl hides rows by it. */
export interface RowCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** What a Table cell may hold. */
export type CellValue = string | number | boolean | null;

/** One column of `kubectl get` (meta/v1 TableColumnDefinition) and how its cell is computed. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean" | "date";
  /** `name` marks the column with the object's name, otherwise empty. */
  readonly format: string;
  /** 0 is shown always, above only with `-o wide`. */
  readonly priority: number;
  readonly description: string;
  /** `nowMs` is wall-clock milliseconds, for ages. */
  cell(object: ApiObject, nowMs: number): CellValue;
}

/** What a strategy hook is told besides the objects. */
export interface StrategyContext {
  /** Server wall clock, RFC 3339 with six fractional digits and `Z`. */
  readonly nowMicroTime: string;
}

/**
 * Rules around a write. Order on create: `setDefaults`, `prepareForCreate`, `validate`, `warnings`; on update: `setDefaults`,
 * `prepareForUpdate` (or `prepareForStatusUpdate`), `validateUpdate` (or `validateStatusUpdate`), `warnings`.
 * Hooks never mutate their arguments; they return the object to go on with. The server owns uid, resourceVersion,
 * creationTimestamp, deletionTimestamp and managedFields; `metadata.generation` is the strategy's: kinds without one have none.
 */
export interface ResourceStrategy {
  /** Fills absent fields, from schema defaults and from the kind's own rules. Also applied to what is read from the store. */
  setDefaults(object: ApiObject): ApiObject;
  /** Drops what a client may not set at creation (status), stamps what the server sets, sets the first generation. */
  prepareForCreate(object: ApiObject, context: StrategyContext): ApiObject;
  /** Keeps from `old` what the main endpoint may not change, and raises `metadata.generation` when the spec changed. */
  prepareForUpdate(object: ApiObject, old: ApiObject, context: StrategyContext): ApiObject;
  /** Keeps from `old` everything but the status (metadata: resourceVersion and managedFields are the caller's). */
  prepareForStatusUpdate(object: ApiObject, old: ApiObject, context: StrategyContext): ApiObject;
  /** Every rule for a new object: metadata, schema, content. Empty means valid. */
  validate(object: ApiObject): readonly FieldError[];
  /** Every rule for a changed object, including immutable fields. */
  validateUpdate(object: ApiObject, old: ApiObject): readonly FieldError[];
  /** Every rule for a changed status. */
  validateStatusUpdate(object: ApiObject, old: ApiObject): readonly FieldError[];
  /** Texts for `Warning: 299` headers; `old` is absent on create. */
  warnings(object: ApiObject, old: ApiObject | undefined): readonly string[];
  /**
   * Seconds between a delete request and the object's end; 0 means that it goes at once. `requested` is the client's
   * `gracePeriodSeconds`. Only pods on a node have any.
   */
  graceSeconds(object: ApiObject, requested: number | undefined): number;
}
