// Columns of `kubectl get` for our kinds, made as a CustomResourceDefinition's additionalPrinterColumns are.
import { formatAge } from "./age.ts";
import { valueAt } from "./field-path.ts";
import { isJsonObject } from "./json.ts";
import type { ApiObject } from "./object-meta.ts";
import type { CellValue, ColumnDefinition } from "./resource-definition.ts";

/** The column with the object's name. */
export function nameColumn(): ColumnDefinition {
  return {
    name: "Name",
    type: "string",
    format: "name",
    priority: 0,
    description: "Name must be unique within a namespace.",
    cell: (object) => object.metadata.name ?? "",
  };
}

/** The column with the object's age, as a date column of a CustomResourceDefinition is rendered. */
export function ageColumn(): ColumnDefinition {
  return {
    name: "Age",
    type: "date",
    format: "",
    priority: 0,
    description: "Time since the object was created.",
    cell: (object, nowMs) => formatAge(object.metadata.creationTimestamp, nowMs),
  };
}

/** What a column of one field says. */
export interface FieldColumnOptions {
  readonly name: string;
  readonly path: string;
  readonly description: string;
  readonly type?: "string" | "integer" | "number" | "boolean";
  /** Shown only with `-o wide`. */
  readonly wide?: boolean;
}

/** A column with the value of one field; the cell is null while the field is absent. */
export function fieldColumn(options: FieldColumnOptions): ColumnDefinition {
  return {
    name: options.name,
    type: options.type ?? "string",
    format: "",
    priority: options.wide === true ? 1 : 0,
    description: options.description,
    cell: (object) => toCell(valueAt(object, options.path)),
  };
}

/** What a column of one member of a condition says. */
export interface ConditionColumnOptions {
  readonly name: string;
  /** Type of the condition. */
  readonly condition: string;
  /** A condition without which `condition` cannot be True: shown while it is False and the other is not there. */
  readonly before?: string;
  readonly member: "status" | "reason" | "message";
  readonly description: string;
  readonly wide?: boolean;
}

/** A column with one member of the condition of a type; the cell is null while there is no such condition. */
export function conditionColumn(options: ConditionColumnOptions): ColumnDefinition {
  return {
    name: options.name,
    type: "string",
    format: "",
    priority: options.wide === true ? 1 : 0,
    description: options.description,
    cell: (object) => {
      const condition = findCondition(object, options.condition) ?? failedCondition(object, options.before);
      return toCell(condition?.[options.member]);
    },
  };
}

/** The condition of this type, if it is False: what comes after it cannot be otherwise. */
function failedCondition(object: ApiObject, type: string | undefined): ReturnType<typeof findCondition> {
  const condition = type === undefined ? undefined : findCondition(object, type);
  return condition?.["status"] === "False" ? condition : undefined;
}

/** The condition of this type in `status.conditions`. */
export function findCondition(object: ApiObject, type: string): { readonly [member: string]: unknown } | undefined {
  const conditions = valueAt(object, "status.conditions");
  if (!Array.isArray(conditions)) return undefined;
  return conditions.filter(isJsonObject).find((condition) => condition["type"] === type);
}

function toCell(value: unknown): CellValue {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
}
